// The programs of trial_programs.h. Constants here: the kernel copies them to pages of user mode.

    // As in trial_programs.h: TrialCall, kTrialSignal.
    .set NULL_CALL, 0
    .set SUM, 1
    .set YIELD, 2
    .set RAISE, 3
    .set RETURN, 4
    .set DONE, 5
    .set SIGNAL, 10
    .set KINDS, 14                      // kTrialPrivilegedKinds

    .set SUM_OF_1_TO_6, 1 + 2*2 + 3*3 + 4*4 + 5*5 + 6*6
    .set KERNEL_DATA_SELECTOR, 0x10
    .set TRAP_FLAG, 1 << 8
    .set INITIAL_X87_CONTROL, 0x037f    // as in float_area.h
    .set INITIAL_MXCSR, 0x1f80
    .set OTHER_MXCSR, 0x5f80            // rounds upwards
    .set CPUID_OSXSAVE_AND_AVX, 3 << 27 // leaf 1, ECX

.macro system_call number
    movl $\number, %eax
    syscall
.endm

.macro done status
    movl $\status, %edi
    system_call DONE
    ud2
.endm

// Ends with `status` unless the register holds the value.
.macro expect register, value, status
    cmpq $\value, %\register
    je .Lgood\@
    done \status
.Lgood\@:
.endm

    .section .rodata.trial, "a"
    .balign 16
    .globl trial_code
trial_code:

registers:
    movq %rsp, %r15
    movl $1, %edi
    movl $2, %esi
    movl $3, %edx
    movl $4, %r10d
    movl $5, %r8d
    movl $6, %r9d
    movl $11, %ebx
    movl $12, %ebp
    movl $13, %r12d
    movl $14, %r13d
    movl $15, %r14d
    system_call SUM
    expect rax, SUM_OF_1_TO_6, 1
    expect rdi, 1, 2
    expect rsi, 2, 3
    expect rdx, 3, 4
    expect r10, 4, 5
    expect r8, 5, 6
    expect r9, 6, 7
    expect rbx, 11, 8
    expect rbp, 12, 9
    expect r12, 13, 10
    expect r13, 14, 11
    expect r14, 15, 12
    subq %rsp, %r15
    expect r15, 0, 13
    done 0

store:
    movq (%rsp), %rax
    movl $1, (%rax)
    done 1

jump:
    movq (%rsp), %rax
    jmpq *%rax

illegal:
    ud2

    .set KIND_SHIFT, 4
.macro privileged instruction:vararg
    .balign 1 << KIND_SHIFT
    \instruction
    jmp worked
.endm

privileged:
    movq (%rsp), %rax
    shlq $KIND_SHIFT, %rax
    leaq kinds(%rip), %rcx
    addq %rcx, %rax
    xorl %ecx, %ecx
    movl $KERNEL_DATA_SELECTOR, %edx
    jmpq *%rax
    .balign 1 << KIND_SHIFT
kinds:
    privileged cli
    privileged hlt
    privileged inb $0x80, %al
    privileged outb %al, $0x80
    privileged int $0x80
    privileged int $14                  // a page fault that is none
    privileged movq %cr0, %rcx
    privileged movq %rcx, %cr4
    privileged rdmsr
    privileged wrmsr
    privileged lgdt (%rsp)
    privileged sysenter
    privileged invlpg (%rsp)
    privileged movw %dx, %ss            // the kernel's data segment
    .org kinds + (KINDS << KIND_SHIFT)
worked:
    done 1

divide:
    movl $1, %eax
    xorl %edx, %edx
    xorl %ecx, %ecx
    divl %ecx
    done 0

breakpoint:
    int3
    done 1

// The trap flag is looked at when an instruction begins: SYSCALL runs with it, the kernel without.
step:
    movl $NULL_CALL, %eax
    pushfq
    orq $TRAP_FLAG, (%rsp)
    popfq
    syscall
    done 1

// All of them from RBX on: register N holds RBX + N, twice.
.macro for_each_xmm what:vararg
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    \what \n
    .endr
.endm
.macro gather_xmm n
    movhlps %xmm\n, %xmm0
    movq %xmm0, %rcx
    orq %rcx, %rax
    movq %xmm\n, %rcx
    orq %rcx, %rax
.endm
.macro fill_xmm n
    leaq \n(%rbx), %rax
    movq %rax, %xmm\n
    punpcklqdq %xmm\n, %xmm\n
.endm
.macro check_xmm n
    leaq \n(%rbx), %rax
    movq %xmm\n, %rcx
    cmpq %rax, %rcx
    jne float_changed
    movdqu %xmm\n, -64(%rsp)
    cmpq %rax, -56(%rsp)
    jne float_changed
.endm

// R12: how often; RBX: what nobody else has in his registers; R13: whether there is AVX.
float:
    movq (%rsp), %r12
    movq %rsp, %rbx
    movq %xmm0, %rax
    for_each_xmm gather_xmm
    expect rax, 0, 1
    stmxcsr -8(%rsp)
    movl -8(%rsp), %eax
    expect rax, INITIAL_MXCSR, 2
    fnstcw -8(%rsp)
    movzwl -8(%rsp), %eax
    expect rax, INITIAL_X87_CONTROL, 3
    movq %rbx, %r14
    movl $1, %eax
    xorl %ecx, %ecx
    cpuid
    movq %r14, %rbx
    movl %ecx, %r13d
    andl $CPUID_OSXSAVE_AND_AVX, %r13d
    subl $CPUID_OSXSAVE_AND_AVX, %r13d
    jnz 1f
    vextractf128 $1, %ymm15, -64(%rsp)
    movq -64(%rsp), %rax
    orq -56(%rsp), %rax
    expect rax, 0, 4
1:  for_each_xmm fill_xmm
    movl $OTHER_MXCSR, -8(%rsp)
    ldmxcsr -8(%rsp)
    movq %rbx, -8(%rsp)
    fildll -8(%rsp)
    testl %r13d, %r13d
    jnz 2f
    vinsertf128 $1, %xmm14, %ymm15, %ymm15
2:  system_call YIELD
    for_each_xmm check_xmm
    stmxcsr -8(%rsp)
    movl -8(%rsp), %eax
    expect rax, OTHER_MXCSR, 5
    fistpll -8(%rsp)
    fildll -8(%rsp)
    cmpq -8(%rsp), %rbx
    jne float_changed
    testl %r13d, %r13d
    jnz 3f
    vextractf128 $1, %ymm15, -64(%rsp)
    leaq 14(%rbx), %rax
    cmpq -64(%rsp), %rax
    jne float_changed
3:  decq %r12
    jnz 2b
    done 0
float_changed:
    done 6

wait_for_word:
    movq (%rsp), %rax
1:  cmpl $0, (%rax)
    je 1b
    done 0

set_word:
    movq (%rsp), %rax
    movl $1, (%rax)
    done 0

signal:
    movq %rsp, %r15
    movq %rsp, %rbx
    for_each_xmm fill_xmm
    movq $-1, -8(%rsp)                  // in the red zone
    movl $2, %esi
    movl $3, %edx
    movl $4, %r10d
    movl $5, %r8d
    movl $6, %r9d
    movl $12, %ebp
    movl $13, %r12d
    movl $14, %r13d
    movl $15, %r14d
    stc
    system_call RAISE
    jc 1f
    done 1
1:  expect rax, RAISE, 2                // the call's result
    expect rsi, 2, 3
    expect rdx, 3, 4
    expect r10, 4, 5
    expect r8, 5, 6
    expect r9, 6, 7
    expect rbp, 12, 8
    expect r12, 13, 9
    expect r13, 14, 10
    expect r14, 15, 11
    subq %rsp, %r15
    expect r15, 0, 12
    cmpq $-1, -8(%rsp)
    jne float_changed
    for_each_xmm check_xmm
    done 0

// RDI: the signal, RSI: siginfo_t, RDX: ucontext_t, and a stack as behind a call.
signal_handler:
    expect rdi, SIGNAL, 20
    movl (%rsi), %eax
    expect rax, SIGNAL, 21
    movq 168(%rdx), %rax                // uc_mcontext: RIP
    leaq signal(%rip), %rcx
    subq %rcx, %rax
    cmpq $float_changed - trial_code + 4096, %rax
    jb 1f
    done 22
1:  movl %esp, %eax
    andl $15, %eax
    expect rax, 8, 23
    movq %xmm0, %rax
    expect rax, 0, 24                   // begins with clean registers
    movl $-1, %eax
    movq %rax, %rbx
    movq %rax, %rcx
    movq %rax, %rdx
    movq %rax, %rsi
    movq %rax, %rdi
    movq %rax, %rbp
    movq %rax, %r8
    movq %rax, %r9
    movq %rax, %r10
    movq %rax, %r11
    movq %rax, %r12
    movq %rax, %r13
    movq %rax, %r14
    movq %rax, %r15
    for_each_xmm fill_xmm
    clc
    retq

signal_restorer:
    system_call RETURN
    ud2

null_calls:
    movq (%rsp), %rbx
1:  system_call NULL_CALL                      // and two more instructions, see kTrialLoopInstructions
    decq %rbx
    jnz 1b
    done 0

    .globl trial_code_limit
trial_code_limit:

    .balign 4
    .globl trial_offsets
trial_offsets:
    .long registers - trial_code
    .long store - trial_code
    .long jump - trial_code
    .long illegal - trial_code
    .long privileged - trial_code
    .long divide - trial_code
    .long breakpoint - trial_code
    .long step - trial_code
    .long float - trial_code
    .long wait_for_word - trial_code
    .long set_word - trial_code
    .long signal - trial_code
    .long signal_handler - trial_code
    .long signal_restorer - trial_code
    .long null_calls - trial_code

    .section .note.GNU-stack, "", @progbits
