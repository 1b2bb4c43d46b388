// Entry of all 256 interrupt vectors. From the kernel: saves the registers as an
// arch::RegisterState and calls ArchOnInterrupt with its address. From user mode: user_entry.S.

#include "arch/x86_64/ops/entry_macros.inc"

    .set VECTOR_COUNT, 256
    .set STUB_BYTES, 16
    // Vectors for which the processor pushes an error code: 8, 10-14, 17, 21 (SDM vol. 3A 6.15).
    .set ERROR_CODE_VECTORS, 0x00227d00
    // Vectors with a stack of their own (interrupts.cc): the kernel ends with them, whatever ran.
    .set FATAL_VECTORS, 1 << 2 | 1 << 8 | 1 << 18
    // Of the code selector that the processor saved, behind vector, error code and RIP.
    .set PUSHED_CS, 24
    // Offsets of RegisterState::rbp and ::rip.
    .set SAVED_RBP, 72
    .set SAVED_RIP, 144

    .section .text.interrupt_entry, "ax"

// One stub per vector, STUB_BYTES apart: interrupts.cc computes their addresses.
    .balign STUB_BYTES
    .globl interrupt_stubs
    .type interrupt_stubs, @function
interrupt_stubs:
    .set vector, 0
    .rept VECTOR_COUNT
    .balign STUB_BYTES
    .if vector >= 32 || !(ERROR_CODE_VECTORS >> vector & 1)
    pushq $0
    .endif
    pushq $vector
    .if vector < 32 && (FATAL_VECTORS >> vector & 1)
    jmp save_registers
    .else
    jmp enter
    .endif
    .set vector, vector + 1
    .endr
    .size interrupt_stubs, . - interrupt_stubs

    .type enter, @function
enter:
    testb $USER_PRIVILEGE, PUSHED_CS(%rsp)
    jnz enter_from_user
    // Falls through.
    .size enter, . - enter

    .type save_registers, @function
save_registers:
    push_general_registers
    movq %cr2, %rax
    pushq %rax
    load_kernel_flags
    movq %rsp, %rdi
    // A frame record as if the interrupted instruction had called this, so that backtraces go on
    // through it. The word before makes the stack aligned to 16: the processor aligned it, then
    // came 6 words of its own or the stub's, the vector, 15 registers and CR2.
    pushq $0
    pushq SAVED_RIP(%rdi)
    pushq SAVED_RBP(%rdi)
    movq %rsp, %rbp
    call ArchOnInterrupt
    addq $32, %rsp  // frame record, alignment, CR2
    pop_general_registers
    addq $16, %rsp  // vector, error code
    iretq
    .size save_registers, . - save_registers

    .section .note.GNU-stack, "", @progbits
