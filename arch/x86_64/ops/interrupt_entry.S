// Entry of all 256 interrupt vectors: saves the registers as an arch::RegisterState and calls
// ArchOnInterrupt with its address.

    .set VECTOR_COUNT, 256
    .set STUB_BYTES, 16
    // Vectors for which the processor pushes an error code: 8, 10-14, 17, 21 (SDM vol. 3A 6.15).
    .set ERROR_CODE_VECTORS, 0x00227d00
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
    jmp save_registers
    .set vector, vector + 1
    .endr
    .size interrupt_stubs, . - interrupt_stubs

    .type save_registers, @function
save_registers:
    pushq %rax
    pushq %rbx
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %rbp
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    movq %cr2, %rax
    pushq %rax
    cld
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
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rbp
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rbx
    popq %rax
    addq $16, %rsp  // vector, error code
    iretq
    .size save_registers, . - save_registers

    .section .note.GNU-stack, "", @progbits
