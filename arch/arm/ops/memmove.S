@ memmove() for tables that are kept in order: eight registers at a time, where a compiler moves one. No
@ vector registers, which are the user's. r11 is left alone, so that a backtrace from a fault here
@ goes on.

    .syntax unified
    .arch   armv7-a
    .text
    .arm

    .equ    ROW, 32                     @ what one pair of instructions moves

    @ void* memmove(void* r0, const void* r1, size_t r2); r0 is returned, r12 goes on.
    .globl  memmove
    .type   memmove, %function
    .balign 16
memmove:
    mov     r12, r0
    sub     r3, r0, r1
    cmp     r3, r2
    blo     6f                          @ it starts within what is moved: from the end down
    tst     r3, #3
    bne     5f                          @ words of the one are no words of the other
1:  tst     r12, #3
    beq     2f
    subs    r2, r2, #1
    bxlo    lr
    ldrb    r3, [r1], #1
    strb    r3, [r12], #1
    b       1b
2:  push    {r4-r10}
3:  subs    r2, r2, #ROW
    ldmiahs r1!, {r3-r10}
    stmiahs r12!, {r3-r10}
    bhi     3b
    pop     {r4-r10}
    bxeq    lr
    add     r2, r2, #ROW
4:  subs    r2, r2, #4
    ldrhs   r3, [r1], #4
    strhs   r3, [r12], #4
    bhi     4b
    bxeq    lr
    add     r2, r2, #4
5:  subs    r2, r2, #1
    ldrbhs  r3, [r1], #1
    strbhs  r3, [r12], #1
    bhi     5b
    bx      lr

    @ The same downwards.
6:  add     r1, r1, r2
    add     r12, r12, r2
    tst     r3, #3
    bne     11f
7:  tst     r12, #3
    beq     8f
    subs    r2, r2, #1
    bxlo    lr
    ldrb    r3, [r1, #-1]!
    strb    r3, [r12, #-1]!
    b       7b
8:  push    {r4-r10}
9:  subs    r2, r2, #ROW
    ldmdbhs r1!, {r3-r10}
    stmdbhs r12!, {r3-r10}
    bhi     9b
    pop     {r4-r10}
    bxeq    lr
    add     r2, r2, #ROW
10: subs    r2, r2, #4
    ldrhs   r3, [r1, #-4]!
    strhs   r3, [r12, #-4]!
    bhi     10b
    bxeq    lr
    add     r2, r2, #4
11: subs    r2, r2, #1
    ldrbhs  r3, [r1, #-1]!
    strbhs  r3, [r12, #-1]!
    bhi     11b
    bx      lr
    .size   memmove, . - memmove

    .section .note.GNU-stack, "", %progbits
