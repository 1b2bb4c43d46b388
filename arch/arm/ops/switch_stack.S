@ From one kernel stack to another.

    .syntax unified
    .arch   armv7-a

    .text
    .arm

    @ void ArmSwitchStack(uint32_t& from, uint32_t to): what is pushed is thread_state.cc's
    @ SwitchFrame; r3 is for alignment (AAPCS 5.2.1.2).
    .globl  ArmSwitchStack
    .type   ArmSwitchStack, %function
ArmSwitchStack:
    push    {r3-r11, lr}
    str     sp, [r0]
    mov     sp, r1
    pop     {r3-r11, pc}
    .size   ArmSwitchStack, . - ArmSwitchStack

    .section .note.GNU-stack, "", %progbits
