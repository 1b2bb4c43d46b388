@ From the boot tables to the kernel's own.
@
@ A mapping may not change its size or rights while the TLB can hold the old one: a walk in between
@ would put both into it (ARM DDI 0406C B3.10.1, "TLB conflict"). So this runs where start.S maps the
@ image at its physical address, leaves the boot table nothing but that, forgets all translations,
@ and only then turns to the new table. That is lent the same entries, alike in every bit, for where
@ one table serves all addresses. When the kernel is back at its own address both tables lose them.

    .syntax unified
    .arch   armv7-a

    .equ SECTION_SHIFT, 20              @ B3.5.1
    .equ TABLE_BYTES, 16384
    .equ TABLE_SHIFT, 14

    @ Zeroes from \pointer to \limit, which is no lower. Uses r2.
.macro CLEAR pointer, limit
    mov     r2, #0
1:  cmp     \pointer, \limit
    strlo   r2, [\pointer], #4
    blo     1b
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

    @ void ArmSwitchRoot(uint32_t ttbr, uint32_t n): `n` is TTBCR.N, and interrupts are masked. The
    @ register that does not get the new table keeps the boot's, in which all faults.
    .globl  ArmSwitchRoot
    .type   ArmSwitchRoot, %function
ArmSwitchRoot:
    push    {r4-r9, lr}
    ldr     r4, =boot_first_level
    mrc     p15, 0, r5, c2, c0, 0       @ TTBR0: the same table's physical address ...
    bfc     r5, #0, #TABLE_SHIFT        @ ... and the walk's attributes
    sub     r6, r4, r5                  @ virtual less physical
    add     r7, r0, r6
    bfc     r7, #0, #TABLE_SHIFT        @ the new table, in the direct map
    ldr     r8, =image_start            @ first and last of the image's entries
    sub     r8, r8, r6
    lsr     r8, r8, #SECTION_SHIFT
    ldr     r9, =image_limit - 1
    sub     r9, r9, r6
    lsr     r9, r9, #SECTION_SHIFT

    mov     r3, r8
1:  ldr     r2, [r4, r3, lsl #2]
    str     r2, [r7, r3, lsl #2]
    add     r3, r3, #1
    cmp     r3, r9
    bls     1b
    dsb
    adr     r2, 2f
    sub     r2, r2, r6
    bx      r2
2:  @ At the physical address from here.
    mov     r3, r5
    add     r12, r5, r8, lsl #2
    CLEAR   r3, r12
    add     r3, r5, r9, lsl #2
    add     r3, r3, #4
    add     r12, r5, #TABLE_BYTES
    CLEAR   r3, r12
    FORGET_TRANSLATIONS
    teq     r1, #0
    mcreq   p15, 0, r0, c2, c0, 0       @ TTBR0
    mcrne   p15, 0, r0, c2, c0, 1       @ TTBR1
    isb
    ldr     r2, =3f
    bx      r2
3:  @ Back at the image's own addresses, through the new table.
    mov     r2, #0
4:  str     r2, [r4, r8, lsl #2]
    str     r2, [r7, r8, lsl #2]
    add     r8, r8, #1
    cmp     r8, r9
    bls     4b
    FORGET_TRANSLATIONS
    pop     {r4-r9, pc}
    .ltorg
    .size   ArmSwitchRoot, . - ArmSwitchRoot

    .section .note.GNU-stack, "", %progbits
