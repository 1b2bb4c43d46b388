@ Copying a page: memcpy() takes twice as many instructions, for it looks ahead in smaller steps. r11
@ is left alone, so that a backtrace from a fault here goes on.

    .syntax unified
    .arch   armv7-a
    .text
    .arm

    .equ    BLOCK, 512
    .equ    ROW, 32                     @ what one pair of instructions copies
    .equ    BLOCKS, 8                   @ of a page

    @ void ArmCopyPage(void* r0, const void* r1)
    .globl  ArmCopyPage
    .type   ArmCopyPage, %function
    .balign 16
ArmCopyPage:
    push    {r4-r10, lr}
    mov     r2, #BLOCKS
1:  .rept   BLOCK / ROW
    ldmia   r1!, {r3-r10}
    stmia   r0!, {r3-r10}
    .endr
    subs    r2, r2, #1
    bne     1b
    pop     {r4-r10, pc}
    .size   ArmCopyPage, . - ArmCopyPage

    .section .note.GNU-stack, "", %progbits
