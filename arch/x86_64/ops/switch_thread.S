// The switch between two kernel stacks. What a call need not keep is not saved; all the rest of a
// thread is thread_state.cc's.

    .section .text.switch_thread, "ax"

// void SwitchKernelStacks(uint64_t* from_stack_pointer, uint64_t to_stack_pointer): on the stack that
// is left, a SwitchFrame (thread_state.cc).
    .balign 16
    .globl SwitchKernelStacks
    .type SwitchKernelStacks, @function
SwitchKernelStacks:
    pushq %rbp
    pushq %rbx
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbx
    popq %rbp
    retq
    .size SwitchKernelStacks, . - SwitchKernelStacks

    .section .note.GNU-stack, "", @progbits
