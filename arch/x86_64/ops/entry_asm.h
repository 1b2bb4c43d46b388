// What the entry code in assembly has in common.
#pragma once

// As in descriptors.h.
.set USER_PRIVILEGE,
    3

            // In the order of arch::UserRegisters and arch::RegisterState, from the top down.
            .macro push_general_registers pushq %
        rax pushq % rbx pushq % rcx pushq % rdx pushq % rsi pushq % rdi pushq % rbp pushq %
        r8 pushq % r9 pushq % r10 pushq % r11 pushq % r12 pushq % r13 pushq % r14 pushq %
        r15.endm

            .macro pop_general_registers popq %
        r15 popq % r14 popq % r13 popq % r12 popq % r11 popq % r10 popq % r9 popq % r8 popq %
        rbp popq % rdi popq % rsi popq % rdx popq % rcx popq % rbx popq %
        rax.endm

            // An exception leaves DF and AC as they were: string instructions are to go upwards,
            // and user pages are closed, whatever was interrupted (SDM vol. 3A 6.12.1.3, 4.6.1).
            // Every other flag is off, too; interrupts are already. CLAC would do for AC, but not
            // every processor has it.
            .macro load_kernel_flags pushq $2  // the bit that is always one
                popfq.endm
