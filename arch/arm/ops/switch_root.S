@ From the boot tables to the kernel's own.
@
@ A mapping may not change its size or rights while the TLB can hold the old one: a walk in between
@ would put both into it (ARM DDI 0406C B3.10.1, "TLB conflict"). So this runs where start.S maps the
@ image at its physical address, leaves the boot table nothing but that, forgets all translations,
@ and only then turns to the new table. Where one table serves all addresses that is lent the same
@ entries, alike in every bit. When the kernel is back at its own address both tables lose them.

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

    @ void ArmSwitchRoot(uint32_t ttbr, uint32_t ttbcr, uint32_t above, uint32_t* lent): interrupts
    @ are masked. `ttbr` is for TTBR1 if `above`, else for TTBR0; the other register keeps the boot's
    @ table, in which all faults. `ttbcr` leaves the image's physical address to the boot's table, or
    @ else `lent` is the new table, with room for every address.
    .globl  ArmSwitchRoot
    .type   ArmSwitchRoot, %function
ArmSwitchRoot:
    push    {r4-r10, lr}
    mov     r7, r3
    ldr     r4, =boot_first_level
    mrc     p15, 0, r5, c2, c0, 0       @ TTBR0: the same table's physical address ...
    bfc     r5, #0, #TABLE_SHIFT        @ ... and the walk's attributes
    sub     r6, r4, r5                  @ virtual less physical
    mov     r10, r2
    ldr     r8, =image_start            @ first and last of the image's entries
    sub     r8, r8, r6
    lsr     r8, r8, #SECTION_SHIFT
    ldr     r9, =image_limit - 1
    sub     r9, r9, r6
    lsr     r9, r9, #SECTION_SHIFT

    cmp     r7, #0
    beq     2f
    mov     r3, r8
1:  ldr     r2, [r4, r3, lsl #2]
    str     r2, [r7, r3, lsl #2]
    add     r3, r3, #1
    cmp     r3, r9
    bls     1b
2:  dsb
    adr     r2, 3f
    sub     r2, r2, r6
    bx      r2
3:  @ At the physical address from here.
    mov     r3, r5
    add     r12, r5, r8, lsl #2
    CLEAR   r3, r12
    add     r3, r5, r9, lsl #2
    add     r3, r3, #4
    add     r12, r5, #TABLE_BYTES
    CLEAR   r3, r12
    mcr     p15, 0, r1, c2, c0, 2       @ TTBCR
    isb
    FORGET_TRANSLATIONS
    teq     r10, #0
    mcreq   p15, 0, r0, c2, c0, 0       @ TTBR0
    mcrne   p15, 0, r0, c2, c0, 1       @ TTBR1
    isb
    ldr     r2, =4f
    bx      r2
4:  @ Back at the image's own addresses, through the new table.
    mov     r2, #0
5:  str     r2, [r4, r8, lsl #2]
    cmp     r7, #0
    strne   r2, [r7, r8, lsl #2]
    add     r8, r8, #1
    cmp     r8, r9
    bls     5b
    FORGET_TRANSLATIONS
    pop     {r4-r10, pc}
    .ltorg
    .size   ArmSwitchRoot, . - ArmSwitchRoot

    .section .note.GNU-stack, "", %progbits
