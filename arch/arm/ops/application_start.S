@ Where an application of the kernel image begins in user mode: see application.h.

    .syntax unified
    .arch   armv7-a

    .equ EXIT_GROUP, 248                @ arch/arm/facts/system_calls.h

    .text
    .arm
    .globl  ArmApplicationStart
    .type   ArmApplicationStart, %function
ArmApplicationStart:
    ldr     r2, [sp]
    ldr     r0, [sp, #4]
    add     r1, sp, #8
    mov     r11, #0                     @ the chain of frames ends here
    bic     sp, sp, #7                  @ AAPCS 5.2.1.2
    blx     r2
    mov     r7, #EXIT_GROUP
    svc     #0
    .size   ArmApplicationStart, . - ArmApplicationStart

    .section .note.GNU-stack, "", %progbits
