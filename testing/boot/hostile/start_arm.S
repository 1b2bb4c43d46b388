@ A loader between QEMU and the kernel: gives the unmodified image a device tree of our own choice, or none, and
@ starts it wherever it was put.
@
@ QEMU starts this ELF file below the kernel's address and leaves no room there for a tree of its own.

    .set POINTERS, 0x40002000            @ QEMU's loader writes two addresses here: to pass on, and the kernel's

    .section .text, "ax"
    .arm
    .globl start
start:
    ldr r3, =POINTERS
    mov r0, #0
    mvn r1, #0                           @ no machine number: the tree tells
    ldr r2, [r3]
    ldr pc, [r3, #4]
    .ltorg
