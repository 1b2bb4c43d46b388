@ The registers of VFP and Advanced SIMD, which the compiler may not name in the kernel.

    .syntax unified
    .arch   armv7-a
    .fpu    neon

.macro FUNCTION name
    .globl  \name
    .type   \name, %function
\name:
.endm

    .text
    .arm

    @ void ArmStoreFloatingPoint(VfpRegisters&): d0 to d31, FPSCR.
FUNCTION ArmStoreFloatingPoint
    vstmia  r0!, {d0-d15}
    vstmia  r0!, {d16-d31}
    vmrs    r1, fpscr
    str     r1, [r0]
    bx      lr
    .size   ArmStoreFloatingPoint, . - ArmStoreFloatingPoint

FUNCTION ArmLoadFloatingPoint
    vldmia  r0!, {d0-d15}
    vldmia  r0!, {d16-d31}
    ldr     r1, [r0]
    vmsr    fpscr, r1
    bx      lr
    .size   ArmLoadFloatingPoint, . - ArmLoadFloatingPoint

FUNCTION ArmWriteFpexc
    vmsr    fpexc, r0
    bx      lr
    .size   ArmWriteFpexc, . - ArmWriteFpexc

FUNCTION ArmReadMvfr0
    vmrs    r0, mvfr0
    bx      lr
    .size   ArmReadMvfr0, . - ArmReadMvfr0

FUNCTION ArmReadMvfr1
    vmrs    r0, mvfr1
    bx      lr
    .size   ArmReadMvfr1, . - ArmReadMvfr1

    .section .note.GNU-stack, "", %progbits
