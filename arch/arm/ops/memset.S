@ memset() for pages: eight registers at a time, which is a third of what a compiler makes of it. No
@ vector registers, which are the user's. r11 is left alone, so that a backtrace from a fault here
@ goes on.

    .syntax unified
    .arch   armv7-a
    .text
    .arm

    .equ    BLOCK, 512                  @ a page is eight of them
    .equ    ROW, 32                     @ what one instruction stores

    @ void* memset(void* r0, int r1, size_t r2); r0 is returned, r12 goes on.
    .globl  memset
    .type   memset, %function
    .balign 16
memset:
    and     r1, r1, #0xFF
    orr     r1, r1, r1, lsl #8
    orr     r1, r1, r1, lsl #16
    mov     r12, r0
    cmp     r2, #ROW
    blo     5f
1:  tst     r12, #3
    strbne  r1, [r12], #1
    subne   r2, r2, #1
    bne     1b
    push    {r4-r9}
    mov     r3, r1
    mov     r4, r1
    mov     r5, r1
    mov     r6, r1
    mov     r7, r1
    mov     r8, r1
    mov     r9, r1
    subs    r2, r2, #BLOCK
    blo     3f
2:  .rept   BLOCK / ROW
    stmia   r12!, {r1, r3-r9}
    .endr
    subs    r2, r2, #BLOCK
    bhs     2b
3:  add     r2, r2, #BLOCK
4:  subs    r2, r2, #ROW
    stmiahs r12!, {r1, r3-r9}
    bhi     4b
    popeq   {r4-r9}
    bxeq    lr
    add     r2, r2, #ROW
    pop     {r4-r9}
    @ Less than a row is left: words, then bytes.
5:  tst     r12, #3
    bne     7f
6:  subs    r2, r2, #4
    strhs   r1, [r12], #4
    bhi     6b
    bxeq    lr
    add     r2, r2, #4
7:  subs    r2, r2, #1
    strbhs  r1, [r12], #1
    bhi     7b
    bx      lr
    .size   memset, . - memset

    .section .note.GNU-stack, "", %progbits
