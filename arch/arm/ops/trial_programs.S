@ The programs of trial_programs.h, by the EABI: the number of a call in r7. Some are Thumb code. They
@ are data to the kernel.

    .syntax unified
    .arch   armv7-a
    .arch_extension idiv
    .fpu    neon

    @ arch::TrialCall and kTrialSignal.
    .equ NULL_CALL, 0
    .equ SUM, 1
    .equ YIELD, 2
    .equ RAISE, 3
    .equ RETURN, 4
    .equ DONE, 5
    .equ SIGNAL, 10
    .equ KINDS, 12                      @ kTrialPrivilegedKinds

    .equ DOUBLE_REGISTERS, 32
    .equ ROUNDING_SHIFT, 22             @ FPSCR.RMode, ARM DDI 0406C B4.1.58

.macro CALL number
    mov     r7, #\number
    svc     #0
.endm

    @ Ends the program with \number if \register is not \value.
.macro EXPECT number, register, value
    cmp     \register, #\value
    movne   r0, #\number
    bne     done
.endm

    @ Puts \seed, and \seed plus its number, into each double register. Uses r0.
.macro FILL_FLOAT seed
    mov     r0, \seed
    .altmacro
    .set n, 0
    .rept   DOUBLE_REGISTERS
    FILL_ONE %n, \seed
    .set n, n + 1
    .endr
    .noaltmacro
.endm
.macro FILL_ONE n, seed
    vmov    d\n, \seed, r0
    add     r0, r0, #1
.endm

    @ Ends the program with \number if one holds something else. Uses r0 to r2 and r12.
.macro EXPECT_FLOAT number, seed, step
    mov     r12, \seed
    .altmacro
    .set n, 0
    .rept   DOUBLE_REGISTERS
    EXPECT_ONE %n, \seed, \step
    .set n, n + 1
    .endr
    .noaltmacro
    mov     r0, #\number
    bne     done
.endm
    @ NE from the first difference on.
.macro EXPECT_ONE n, seed, step
    .if n == 0
    cmp     r0, r0
    .endif
    vmov    r1, r2, d\n
    cmpeq   r1, \seed
    cmpeq   r2, r12
    add     r12, r12, #\step
.endm

    .section .rodata.trial_programs, "a", %progbits
    .balign 4
    .globl  arm_trial_code
arm_trial_code:
    .arm

    @ r0: what the program ends with.
done:
    CALL    DONE

    @ What Linux lets a program read: the thread pointer, here 0, and the timer's virtual count.
registers:
    mrrc    p15, 1, r0, r1, c14         @ CNTVCT
    mrc     p15, 0, r0, c13, c0, 3      @ TPIDRURO
    EXPECT  17, r0, 0
    str     sp, [sp, #4]
    mov     r0, #1
    mov     r1, #2
    mov     r2, #3
    mov     r3, #4
    mov     r4, #5
    mov     r5, #6
    mov     r6, #0x66
    mov     r8, #0x88
    mov     r9, #0x99
    mov     r10, #0xAA
    mov     r11, #0xBB
    mov     r12, #0xCC
    mov     lr, #0xEE
    mov     r7, #SUM
    cmp     r7, #SUM                    @ the flags are kept, too
    svc     #0
    movne   r0, #1
    bne     done
    cmp     r0, #91                     @ 1 + 2 * 2 + ... + 6 * 6
    movne   r0, #2
    bne     done
    EXPECT  3, r1, 2
    EXPECT  4, r2, 3
    EXPECT  5, r3, 4
    EXPECT  6, r4, 5
    EXPECT  7, r5, 6
    EXPECT  8, r6, 0x66
    EXPECT  9, r7, SUM
    EXPECT  10, r8, 0x88
    EXPECT  11, r9, 0x99
    EXPECT  12, r10, 0xAA
    EXPECT  13, r11, 0xBB
    EXPECT  14, r12, 0xCC
    EXPECT  15, lr, 0xEE
    mrc     p15, 0, r0, c13, c0, 3
    EXPECT  18, r0, 0
    ldr     r1, [sp, #4]
    cmp     r1, sp
    movne   r0, #16
    moveq   r0, #0
    b       done

store:
    ldr     r1, [sp]
    str     r1, [r1]
    mov     r0, #1
    b       done

jump:
    ldr     r1, [sp]
    bx      r1

    .equ KIND_SHIFT, 5
.macro PRIVILEGED instruction:vararg
    .balign 1 << KIND_SHIFT
    \instruction
    b       worked
.endm
    @ What user mode may do without effect (B9.3.2, B9.3.12): \bits of CPSR stay 0.
.macro WITHOUT_EFFECT bits, instruction:vararg
    .balign 1 << KIND_SHIFT
    \instruction
    mrs     r0, cpsr
    tst     r0, #\bits
    beq     no_effect
    b       worked
.endm

privileged:
    ldr     r1, [sp]
    adr     r2, kinds
    add     r1, r2, r1, lsl #KIND_SHIFT
    mov     r0, #0
    bx      r1
no_effect:
    udf     #0
worked:
    mov     r0, #1
    b       done
    .balign 1 << KIND_SHIFT
kinds:
    PRIVILEGED mrc p15, 0, r0, c1, c0, 0    @ SCTLR
    PRIVILEGED mcr p15, 0, r0, c2, c0, 0    @ TTBR0
    PRIVILEGED mcr p15, 0, r0, c3, c0, 0    @ DACR
    PRIVILEGED mcr p15, 0, r0, c7, c5, 0    @ ICIALLU
    PRIVILEGED mcr p15, 0, r0, c8, c7, 0    @ TLBIALL
    PRIVILEGED mcr p15, 0, r0, c13, c0, 3   @ TPIDRURO
    PRIVILEGED mrc p15, 0, r0, c13, c0, 4   @ TPIDRPRW
    PRIVILEGED mrc p15, 0, r0, c9, c13, 0   @ PMCCNTR
    PRIVILEGED mcr p15, 0, r0, c14, c3, 1   @ CNTV_CTL
    PRIVILEGED vmsr fpexc, r0
    WITHOUT_EFFECT 0x80, cpsid i
    WITHOUT_EFFECT 0x0F, msr cpsr_c, #0x13
    .org    kinds + (KINDS << KIND_SHIFT)

divide:
    mov     r0, #1
    mov     r1, #0
    udiv    r0, r0, r1                  @ 0 (A8.8.248)
    b       done

breakpoint:
    bkpt    #0
    mov     r0, #0
    b       done

step:
    mov     r0, #0
    b       done

    @ The stack pointer is what makes one thread's values differ from another's.
float:
    vmrs    r0, fpscr
    cmp     r0, #0
    movne   r0, #1
    bne     done
    mov     r3, #0
    EXPECT_FLOAT 2, r3, 0
    mov     r3, sp
    FILL_FLOAT r3
    ubfx    r5, r3, #12, #2
    lsl     r5, r5, #ROUNDING_SHIFT
    vmsr    fpscr, r5
    mcr     p15, 0, r3, c13, c0, 2      @ TPIDRURW
    ldr     r4, [sp]
1:  CALL    YIELD
    EXPECT_FLOAT 3, r3, 1
    vmrs    r0, fpscr
    cmp     r0, r5
    movne   r0, #4
    bne     done
    mrc     p15, 0, r0, c13, c0, 2
    cmp     r0, r3
    movne   r0, #5
    bne     done
    subs    r4, r4, #1
    bne     1b
    mov     r0, #0
    b       done

wait_for_word:
    ldr     r1, [sp]
1:  ldr     r0, [r1]
    cmp     r0, #0
    beq     1b
    mov     r0, #0
    b       done

    @ The handler writes to word 2, which r11 leads to.
signal:
    mov     r11, sp
    FILL_FLOAT r11
    mov     r0, #0
    str     r0, [sp, #8]
    mov     r1, #2
    mov     r2, #3
    mov     r3, #4
    mov     r4, #5
    mov     r5, #6
    mov     r6, #0x66
    mov     r8, #0x88
    mov     r9, #0x99
    mov     r10, #0xAA
    mov     r12, #0xCC
    mov     lr, #0xEE
    mov     r7, #RAISE
    cmp     r7, #RAISE
    svc     #0
    movne   r0, #1
    bne     done
    cmp     r0, #RAISE                  @ the call's result
    movne   r0, #2
    bne     done
    EXPECT  3, r1, 2
    EXPECT  4, r2, 3
    EXPECT  5, r3, 4
    EXPECT  6, r4, 5
    EXPECT  7, r5, 6
    EXPECT  8, r6, 0x66
    EXPECT  9, r7, RAISE
    EXPECT  10, r8, 0x88
    EXPECT  11, r9, 0x99
    EXPECT  12, r10, 0xAA
    EXPECT  14, r12, 0xCC
    EXPECT  15, lr, 0xEE
    cmp     r11, sp
    movne   r0, #16
    bne     done
    EXPECT_FLOAT 17, r11, 1
    ldr     r1, [sp, #8]
    EXPECT  18, r1, SIGNAL
    mov     r0, #0
    b       done

signal_restorer:
    CALL    RETURN

null_calls:
    ldr     r4, [sp]
    mov     r7, #NULL_CALL
1:  svc     #0
    subs    r4, r4, #1
    bne     1b
    mov     r0, #0
    b       done

    .thumb
set_word:
    ldr     r1, [sp]
    movs    r0, #1
    str     r0, [r1]
    movs    r0, #0
    CALL    DONE

illegal:
    udf     #0
    movs    r0, #1
    CALL    DONE

    @ r1 is the program's own where there is no siginfo_t, whose first word is the number.
signal_handler:
    cmp     r1, #2
    beq     1f
    ldr     r3, [r1]
    cmp     r3, r0
    bne     2f
1:  str     r0, [r11, #8]
2:  mvn     r0, #0
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    mov     r\n, r0
    .endr
    vdup.32 q0, r0
    .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    vmov    q\n, q0
    .endr
    cmp     r0, #1
    bx      lr

    .globl  arm_trial_code_limit
arm_trial_code_limit:

    .balign 4
    .globl  arm_trial_offsets
arm_trial_offsets:                      @ by TrialProgram
    .word   registers - arm_trial_code
    .word   store - arm_trial_code
    .word   jump - arm_trial_code
    .word   illegal - arm_trial_code + 1
    .word   privileged - arm_trial_code
    .word   divide - arm_trial_code
    .word   breakpoint - arm_trial_code
    .word   step - arm_trial_code
    .word   float - arm_trial_code
    .word   wait_for_word - arm_trial_code
    .word   set_word - arm_trial_code + 1
    .word   signal - arm_trial_code
    .word   signal_handler - arm_trial_code + 1
    .word   signal_restorer - arm_trial_code
    .word   null_calls - arm_trial_code

    .section .note.GNU-stack, "", %progbits
