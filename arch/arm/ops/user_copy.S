@ Copies to and from user memory, by instructions that the hardware checks as if user mode had
@ executed them (LDRT and STRT, ARM DDI 0406C A4.6.5).
@
@ An abort at one of the accesses named by FIXUP comes back here: again at the access, or at its
@ fixup. It finds r12 and the flags free, and at least 8-byte aligned stack (vectors.S).

    .syntax unified
    .arch   armv7-a

    .equ BLOCK_BYTES, 32
    .equ SHORT_BYTES, 8                 @ fewer are not worth aligning

    @ The accesses from \first to before \limit go on at \target when they cannot be made.
.macro FIXUP first, limit, target
    .pushsection .rodata.user_copy, "a", %progbits
    .word   \first, \limit, \target
    .popsection
.endm

    @ A single access.
.macro USER target, instruction:vararg
.Laccess\@:
    \instruction
    FIXUP   .Laccess\@, .Laccess\@ + 4, \target
.endm

.macro FUNCTION name
    .globl  \name
    .type   \name, %function
\name:
.endm

    @ Eight registers, the frame that backtraces follow (backtrace.h), and alignment.
.macro ENTER
    push    {r3-r11, lr}
    add     r11, sp, #32
.endm
.macro LEAVE
    pop     {r3-r11, pc}
.endm

    .section .rodata.user_copy, "a", %progbits
    .balign 4
    .globl  arm_user_copy_fixups
arm_user_copy_fixups:

    .section .text.user_copy, "ax", %progbits
    .arm

    .globl  arm_user_copy_start
arm_user_copy_start:

    @ uint32_t ArmCopyFromUser(void* to, uint32_t from, uint32_t bytes): how many were not copied.
    @ r0 to, r1 from, r2 scratch, r3 behind the user's last byte. What r0 has passed is written.
FUNCTION ArmCopyFromUser
    ENTER
    add     r3, r1, r2
    cmp     r2, #SHORT_BYTES
    blo     5f
1:  tst     r1, #3
    beq     2f
    USER    9f, ldrbt r4, [r1], #1
    strb    r4, [r0], #1
    b       1b
2:  tst     r0, #3
    bne     4f
    sub     r2, r3, r1
    subs    r2, r2, #BLOCK_BYTES
    blo     4f
.Lfrom_block:
    ldrt    r4, [r1], #4
    ldrt    r5, [r1], #4
    ldrt    r6, [r1], #4
    ldrt    r7, [r1], #4
    ldrt    r8, [r1], #4
    ldrt    r9, [r1], #4
    ldrt    r10, [r1], #4
    ldrt    lr, [r1], #4
.Lfrom_block_limit:
    FIXUP   .Lfrom_block, .Lfrom_block_limit, 3f
    stmia   r0!, {r4-r10, lr}
    subs    r2, r2, #BLOCK_BYTES
    bhs     .Lfrom_block
    b       4f
3:  add     r2, r2, #BLOCK_BYTES        @ again from the start of the block, in smaller steps
    sub     r1, r3, r2
4:  sub     r2, r3, r1
    subs    r2, r2, #4
    blo     5f
.Lfrom_word:
    USER    9f, ldrt r4, [r1], #4
    str     r4, [r0], #4                @ at any address: SCTLR.A is 0
    subs    r2, r2, #4
    bhs     .Lfrom_word
5:  cmp     r1, r3
    beq     9f
    USER    9f, ldrbt r4, [r1], #1
    strb    r4, [r0], #1
    b       5b
9:  sub     r0, r3, r1
    LEAVE
    .size   ArmCopyFromUser, . - ArmCopyFromUser

    @ uint32_t ArmCopyToUser(uint32_t to, const void* from, uint32_t bytes): how many were not copied.
    @ r0 to, r1 from, r2 scratch, r3 behind the user's last byte.
FUNCTION ArmCopyToUser
    ENTER
    add     r3, r0, r2
    cmp     r2, #SHORT_BYTES
    blo     5f
1:  tst     r0, #3
    beq     2f
    ldrb    r4, [r1], #1
    USER    9f, strbt r4, [r0], #1
    b       1b
2:  tst     r1, #3
    bne     4f
    sub     r2, r3, r0
    subs    r2, r2, #BLOCK_BYTES
    blo     4f
.Lto_block:
    ldmia   r1!, {r4-r10, lr}
.Lto_block_stores:
    strt    r4, [r0], #4
    strt    r5, [r0], #4
    strt    r6, [r0], #4
    strt    r7, [r0], #4
    strt    r8, [r0], #4
    strt    r9, [r0], #4
    strt    r10, [r0], #4
    strt    lr, [r0], #4
.Lto_block_limit:
    FIXUP   .Lto_block_stores, .Lto_block_limit, 9f @ whole words: a page ends behind one
    subs    r2, r2, #BLOCK_BYTES
    bhs     .Lto_block
4:  sub     r2, r3, r0
    subs    r2, r2, #4
    blo     5f
.Lto_word:
    ldr     r4, [r1], #4                @ at any address: SCTLR.A is 0
    USER    9f, strt r4, [r0], #4
    subs    r2, r2, #4
    bhs     .Lto_word
5:  cmp     r0, r3
    beq     9f
    ldrb    r4, [r1], #1
    USER    9f, strbt r4, [r0], #1
    b       5b
9:  sub     r0, r3, r0
    LEAVE
    .size   ArmCopyToUser, . - ArmCopyToUser

    @ uint32_t ArmZeroUser(uint32_t to, uint32_t bytes): how many are not zero.
    @ r0 to, r2 scratch, r3 behind the user's last byte, r4 zero.
FUNCTION ArmZeroUser
    ENTER
    add     r3, r0, r1
    mov     r4, #0
1:  tst     r0, #3
    cmpne   r0, r3
    beq     2f
    USER    9f, strbt r4, [r0], #1
    b       1b
2:  sub     r2, r3, r0
    subs    r2, r2, #BLOCK_BYTES
    blo     5f
.Lzero_block:
    .rept   BLOCK_BYTES / 4
    strt    r4, [r0], #4
    .endr
.Lzero_block_limit:
    FIXUP   .Lzero_block, .Lzero_block_limit, 9f
    subs    r2, r2, #BLOCK_BYTES
    bhs     .Lzero_block
5:  cmp     r0, r3
    beq     9f
    USER    9f, strbt r4, [r0], #1
    b       5b
9:  sub     r0, r3, r0
    LEAVE
    .size   ArmZeroUser, . - ArmZeroUser

    @ uint32_t ArmCopyStringFromUser(char* to, uint32_t from, uint32_t room): the length without the
    @ 0, `room` if none came, or all ones if a byte could not be read.
    @ r2 room left, r3 room, r4 the byte.
FUNCTION ArmCopyStringFromUser
    ENTER
    mov     r3, r2
1:  subs    r2, r2, #1
    blo     2f
    USER    3f, ldrbt r4, [r1], #1
    strb    r4, [r0], #1
    cmp     r4, #0
    bne     1b
    sub     r0, r3, r2
    sub     r0, r0, #1
    LEAVE
2:  mov     r0, r3
    LEAVE
3:  mvn     r0, #0
    LEAVE
    .size   ArmCopyStringFromUser, . - ArmCopyStringFromUser

    @ uint64_t ArmLoadUser(uint32_t va): the word, and 1 above it; or 0.
FUNCTION ArmLoadUser
    ENTER
    USER    1f, ldrt r4, [r0], #0
    mov     r0, r4
    mov     r1, #1
    LEAVE
1:  mov     r0, #0
    mov     r1, #0
    LEAVE
    .size   ArmLoadUser, . - ArmLoadUser

    @ uint64_t ArmCompareExchangeUser(uint32_t va, uint32_t expected, uint32_t desired): the word that
    @ was there, and 1 above it; or 0. Nothing comes in between: there is one processor, its
    @ interrupts are off, and who is in the middle of LDREX and STREX fails after the return to user
    @ mode (CLREX there).
FUNCTION ArmCompareExchangeUser
    ENTER
    USER    1f, ldrt r4, [r0], #0
    cmp     r4, r1
    bne     2f
    USER    1f, strt r2, [r0], #0
2:  mov     r0, r4
    mov     r1, #1
    LEAVE
1:  mov     r0, #0
    mov     r1, #0
    LEAVE
    .size   ArmCompareExchangeUser, . - ArmCompareExchangeUser

    @ uint32_t ArmCleanUserLines(uint32_t first_line, uint32_t lines, uint32_t line_bytes): how many
    @ lines, at the end, could not be reached.
FUNCTION ArmCleanUserLines
    ENTER
1:  cmp     r1, #0
    beq     2f
    USER    2f, mcr p15, 0, r0, c7, c11, 1 @ DCCMVAU
    add     r0, r0, r2
    sub     r1, r1, #1
    b       1b
2:  mov     r0, r1
    LEAVE
    .size   ArmCleanUserLines, . - ArmCleanUserLines

    .globl  arm_user_copy_limit
arm_user_copy_limit:

    .section .rodata.user_copy, "a", %progbits
    .globl  arm_user_copy_fixups_limit
arm_user_copy_fixups_limit:

    .section .note.GNU-stack, "", %progbits
