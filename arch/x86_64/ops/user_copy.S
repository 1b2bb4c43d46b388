// The instructions that touch user pages, each with the place where it goes on if its fault is not
// resolved. REP instructions keep their registers up to date: what they say is what is left.

    .section .text.user_copy, "ax"

.macro may_fault instruction:vararg
.Lfaulting\@:
    \instruction
    .pushsection .rodata.user_copy, "a"
    .quad .Lfaulting\@
    .popsection
.endm
.macro goes_on_at label
    .pushsection .rodata.user_copy, "a"
    .quad \label
    .popsection
.endm

    .pushsection .rodata.user_copy, "a"
    .balign 8
    .globl user_copy_fixups
user_copy_fixups:
    .popsection

// size_t CopyBytes(void* to, const void* from, size_t bytes): those not copied.
    .balign 16
    .globl CopyBytes
    .type CopyBytes, @function
CopyBytes:
    movq %rdx, %rcx
    shrq $3, %rcx
    andl $7, %edx
    may_fault rep movsq
    goes_on_at 3f
    movq %rdx, %rcx
1:  may_fault rep movsb
    goes_on_at 2f
2:  movq %rcx, %rax
    retq
    // Some bytes of the next eight may be there: up to the very one.
3:  leaq (%rdx, %rcx, 8), %rcx
    jmp 1b
    .size CopyBytes, . - CopyBytes

// size_t ZeroBytes(void* to, size_t bytes): those not written.
    .balign 16
    .globl ZeroBytes
    .type ZeroBytes, @function
ZeroBytes:
    movq %rsi, %rcx
    shrq $3, %rcx
    andl $7, %esi
    xorl %eax, %eax
    may_fault rep stosq
    goes_on_at 3f
    movq %rsi, %rcx
1:  may_fault rep stosb
    goes_on_at 2f
2:  movq %rcx, %rax
    retq
3:  leaq (%rsi, %rcx, 8), %rcx
    jmp 1b
    .size ZeroBytes, . - ZeroBytes

// size_t CopyString(char* to, const char* from, size_t room): the length; room if nothing ends it;
// all ones if it cannot be read.
    .balign 16
    .globl CopyString
    .type CopyString, @function
CopyString:
    xorl %eax, %eax
1:  cmpq %rdx, %rax
    je 2f
    may_fault movb (%rsi, %rax), %cl
    goes_on_at 3f
    movb %cl, (%rdi, %rax)
    testb %cl, %cl
    jz 2f
    incq %rax
    jmp 1b
2:  retq
3:  movq $-1, %rax
    retq
    .size CopyString, . - CopyString

// uint64_t LoadWord(const uint32_t*): the word; all ones if it cannot be read.
    .balign 16
    .globl LoadWord
    .type LoadWord, @function
LoadWord:
    may_fault movl (%rdi), %eax
    goes_on_at 1f
    retq
1:  movq $-1, %rax
    retq
    .size LoadWord, . - LoadWord

// uint64_t CompareExchangeWord(uint32_t*, uint32_t expected, uint32_t desired): what was there; all
// ones if it cannot be accessed.
    .balign 16
    .globl CompareExchangeWord
    .type CompareExchangeWord, @function
CompareExchangeWord:
    movl %esi, %eax
    may_fault lock cmpxchgl %edx, (%rdi)
    goes_on_at 1f
    retq
1:  movq $-1, %rax
    retq
    .size CompareExchangeWord, . - CompareExchangeWord

    .pushsection .rodata.user_copy, "a"
    .globl user_copy_fixups_limit
user_copy_fixups_limit:
    .popsection

    .section .note.GNU-stack, "", @progbits
