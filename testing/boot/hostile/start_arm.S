@ A loader between QEMU and the kernel: gives the unmodified image a device tree of our own choice, or none.
@
@ QEMU starts this ELF file below the kernel's address and leaves no room there for a tree of its own.

    .set TREE_POINTER, 0x4000f000        @ QEMU's loader writes the address to pass on here
    .set KERNEL, 0x40010000              @ where QEMU loads a raw image

    .section .text, "ax"
    .arm
    .globl start
start:
    ldr r3, =TREE_POINTER
    mov r0, #0
    mvn r1, #0                           @ no machine number: the tree tells
    ldr r2, [r3]
    ldr pc, =KERNEL
    .ltorg
