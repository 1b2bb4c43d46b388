@ The one refusal that cannot wait for C++: the image lies where start.S can neither map it nor move
@ it. The MMU is off, and r8 is the link address less the load address.

    .syntax unified
    .arch   armv7-a

    .equ UART_DATA, 0x000               @ ARM DDI 0183G 3.3.1
    .equ UART_FLAGS, 0x018              @ 3.3.3
    .equ UART_TRANSMIT_FULL, 1 << 5
    .equ SYS_EXIT_EXTENDED, 0x20        @ Semihosting for AArch32, 2.0
    .equ APPLICATION_EXIT, 0x20026
    .equ FAILURE, 1

    .section .text.boot, "ax", %progbits
    .arm

    .globl  refuse_address
    .type   refuse_address, %function
refuse_address:
    ldr     r4, =boot_early_uart
    sub     r4, r4, r8
    ldr     r4, [r4]
    adr     r5, message
1:  ldrb    r6, [r5], #1
    cmp     r6, #0
    beq     3f
2:  ldr     r7, [r4, #UART_FLAGS]
    tst     r7, #UART_TRANSMIT_FULL
    bne     2b
    str     r6, [r4, #UART_DATA]
    b       1b

3:  adr     r0, halt_vectors            @ without semihosting the call is an exception
    mcr     p15, 0, r0, c12, c0, 0      @ VBAR
    isb
    mov     r0, #SYS_EXIT_EXTENDED
    adr     r1, exit_block
    svc     #0x123456
halt:
    wfi
    b       halt
    .ltorg
    .size   refuse_address, . - refuse_address

exit_block:
    .word   APPLICATION_EXIT, FAILURE
message:
    .ascii  "BOOT REFUSED: the image may not lie at addresses that the kernel has for itself, nor"
    .asciz  " below the place in its MiB where it is linked, or less than 4 KiB above it\r\n"

    .balign 32
halt_vectors:
    .rept   8
    b       halt
    .endr

    .section .note.GNU-stack, "", %progbits
