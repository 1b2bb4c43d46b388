@ From the boot tables to the kernel's own.
@
@ A mapping may not change its size or rights while the TLB can hold the old one: a walk in between
@ would put both into it (ARM DDI 0406C B3.10.1, "TLB conflict"). So this runs below the split, where
@ start.S maps the image at its physical address, empties the half of the boot table that serves
@ TTBR1, forgets all translations, and only then lets TTBR1 point to the new table.

    .syntax unified
    .arch   armv7-a

    .equ HALF_TABLE_BYTES, 8192         @ TTBCR.N = 1: TTBR0 has the lower half of 16 KiB (B3.5.4)

    @ Zeroes \bytes at \pointer. Uses r2, r3.
.macro CLEAR pointer, bytes
    mov     r2, #0
    mov     r3, #\bytes
1:  subs    r3, r3, #4
    str     r2, [\pointer, r3]
    bne     1b
.endm

.macro FORGET_TRANSLATIONS
    dsb
    mov     r2, #0
    mcr     p15, 0, r2, c8, c7, 0       @ TLBIALL
    mcr     p15, 0, r2, c7, c5, 6       @ BPIALL
    dsb
    isb
.endm

    .section .text.boot, "ax", %progbits
    .arm

    @ void ArmSwitchRoot(uint32_t ttbr1), interrupts masked. The table of the boot is left empty, as
    @ TTBR0's: below the split all faults.
    .globl  ArmSwitchRoot
    .type   ArmSwitchRoot, %function
ArmSwitchRoot:
    ldr     r12, =boot_first_level
    mrc     p15, 0, r1, c2, c0, 0       @ TTBR0: the same table's physical address ...
    bfc     r1, #0, #13                 @ ... and the walk's attributes
    sub     r12, r12, r1                @ virtual less physical
    adr     r2, 2f
    sub     r2, r2, r12
    bx      r2
2:  @ At the physical address from here.
    add     r2, r1, #HALF_TABLE_BYTES
    mov     r1, r2
    CLEAR   r1, HALF_TABLE_BYTES
    FORGET_TRANSLATIONS
    mcr     p15, 0, r0, c2, c0, 1       @ TTBR1
    isb
    ldr     r2, =3f
    bx      r2
3:  @ Back in the high half, through the new table.
    ldr     r1, =boot_first_level
    CLEAR   r1, HALF_TABLE_BYTES
    FORGET_TRANSLATIONS
    bx      lr
    .ltorg
    .size   ArmSwitchRoot, . - ArmSwitchRoot

    .section .note.GNU-stack, "", %progbits
