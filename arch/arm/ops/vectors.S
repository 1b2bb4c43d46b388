@ Exception entry and return.
@
@ From user mode: saves arch::UserRegisters (user_mode.h) at the top of the thread's kernel stack,
@ which is supervisor mode's, calls the handler in C++, and returns to user mode with the registers
@ as they are then. An IRQ from the kernel saves an arch::RegisterState (registers.h) on the
@ supervisor stack, which is the one it interrupts. An abort in a user copy goes on there, too.
@ Everything else ends the kernel and saves on the fault stack, abort mode's, so that an overflown
@ kernel stack can be reported. No other mode has a stack: its stack pointer is a spare register at
@ entry, and SRS stores the return state on another mode's (ARM DDI 0406C B9.3.16).

    .syntax unified
    .arch   armv7-a

    .equ MODE_MASK, 0x1F                @ B1.3.1
    .equ MODE_FIQ, 0x11
    .equ MODE_IRQ, 0x12
    .equ MODE_SUPERVISOR, 0x13
    .equ MODE_ABORT, 0x17
    .equ MODE_UNDEFINED, 0x1B
    .equ NOT_USER, 0xF                  @ user mode is the one in which these are 0
    .equ THUMB, 1 << 5                  @ B1.3.3

    @ arch::RegisterState: r0..r12, sp, lr, pc, cpsr.
    .equ STATE_SP, 13 * 4
    .equ STATE_LR, 14 * 4
    .equ STATE_CPSR, 16 * 4

    @ arch::UserRegisters: r0 and UserEntry at entry, an unused word, arch::RegisterState.
    .equ USER_STATE, 3 * 4
    .equ USER_PC, USER_STATE + 15 * 4
    .equ ENTRY_OTHER, 0
    .equ ENTRY_SYSTEM_CALL, 1

    @ PagingPolicy::kUserClosed and kUserOpen.
    .equ DOMAINS_CLOSED, 0x1
    .equ DOMAINS_OPEN, 0x5

    @ kernel::TrapHandlers.
    .equ ON_SYSTEM_CALL, 0
    .equ ON_RETURN_TO_USER, 3 * 4

    @ On \mode's stack: pc, cpsr, room for sp and lr, r0..r12.
.macro SAVE_STATE mode
    srsdb   sp!, #\mode
    cpsid   aif, #\mode
    sub     sp, sp, #8
    push    {r0-r12}
.endm

    @ Taken in mode \from; lr is \correction past the instruction to report (table B1-7). The handler
    @ does not return, so that what is on the fault stack is of no more use: starting at its top cannot
    @ run out of it.
.macro FATAL handler, from, correction
    cps     #MODE_ABORT
    ldr     sp, =fault_stack_top
    cps     #\from
    .if \correction
    sub     lr, lr, #\correction
    .endif
    SAVE_STATE MODE_ABORT
    ldr     r4, =\handler
    b       call_handler
.endm

    @ Sets the flags by who was interrupted, NE: the kernel. Uses this mode's sp.
.macro WAS_IT_USER
    mrs     sp, spsr
    tst     sp, #NOT_USER
.endm

    @ In supervisor mode, pc and cpsr at the top of its stack: the rest of arch::UserRegisters. Then the
    @ kernel has what is its own: the closed domain, its thread pointer. r11 ends the chain of frames.
.macro SAVE_USER entry
    stmdb   sp, {r0-r12, sp, lr}^
    mov     r1, #\entry
    strd    r0, r1, [sp, #-USER_PC]!
    mov     r2, #DOMAINS_CLOSED
    mcr     p15, 0, r2, c3, c0, 0       @ DACR
    isb
#ifdef ARM_KERNEL_USES_THREAD_POINTER
    ldr     r2, =shared_copy_start
    mcr     p15, 0, r2, c13, c0, 3      @ TPIDRURO
#endif
    mov     r11, #0
.endm

    @ The rest of an exception that user mode caused, whose lr is right by now.
.macro FROM_USER handler
    srsdb   sp!, #MODE_SUPERVISOR
    cpsie   a, #MODE_SUPERVISOR
    SAVE_USER ENTRY_OTHER
    mov     r0, sp
    bl      \handler
    b       ArmReturnToUser
.endm

    .text
    .arm

    .globl  arm_vectors
    .balign 32                          @ VBAR[4:0] are zero (B4.1.156)
arm_vectors:                            @ table B1-3
    b       on_reset
    b       on_undefined_instruction
    b       on_supervisor_call
    b       on_prefetch_abort
    b       on_data_abort
    b       on_hyp_trap
    b       on_irq
    b       on_fiq

on_supervisor_call:
    srsdb   sp!, #MODE_SUPERVISOR
    SAVE_USER ENTRY_SYSTEM_CALL
    mrs     r1, spsr
    tst     r1, #NOT_USER
    bne     supervisor_call_in_kernel
    ldr     r1, =kernel_trap_handlers
    mov     r0, sp
    ldr     r1, [r1, #ON_SYSTEM_CALL]
    blx     r1
    str     r0, [sp, #USER_STATE]       @ the result
    @ Falls through.

    @ sp: arch::UserRegisters. Interrupts are masked until the return.
    .globl  ArmReturnToUser
ArmReturnToUser:
    ldr     r0, =kernel_return_work
    ldr     r0, [r0]
    cmp     r0, #0
    bne     2f
    mov     r0, #DOMAINS_OPEN
    mcr     p15, 0, r0, c3, c0, 0       @ DACR; the return makes it seen
#ifdef ARM_KERNEL_USES_THREAD_POINTER
    ldr     r0, =arm_user_thread_pointer
    ldr     r0, [r0]
    mcr     p15, 0, r0, c13, c0, 3      @ TPIDRURO
#endif
    clrex                               @ A3.4.4: an interrupted exclusive access must fail
    add     sp, sp, #USER_PC
    ldmdb   sp, {r0-r12, sp, lr}^
    rfeia   sp!
2:  ldr     r1, =kernel_trap_handlers
    mov     r0, sp
    ldr     r1, [r1, #ON_RETURN_TO_USER]
    blx     r1
    b       ArmReturnToUser

supervisor_call_in_kernel:
    add     sp, sp, #USER_PC
    ldmdb   sp, {r0-r12, sp, lr}^
    add     sp, sp, #8
    b       fatal_supervisor_call

on_data_abort:
    sub     lr, lr, #8
    WAS_IT_USER
    beq     user_data_abort
    ldr     sp, =arm_user_copy_start
    cmp     lr, sp
    blo     fatal_data_abort
    ldr     sp, =arm_user_copy_limit
    cmp     lr, sp
    blo     user_copy_abort
fatal_data_abort:
    FATAL   ArmOnDataAbort, MODE_ABORT, 0
user_data_abort:
    FROM_USER ArmOnUserDataAbort

    @ In user_copy.S, to which r12 and the flags are nothing over an access. Nothing is left in abort
    @ mode, and if the stack overflows here that is an abort of its own.
user_copy_abort:
    mov     r12, lr
    cpsie   a, #MODE_SUPERVISOR
    push    {r0-r3, r12, lr}
    mov     r0, r12
    bl      ArmOnUserCopyAbort
    cmp     r0, #0
    strne   r0, [sp, #4 * 4]
    pop     {r0-r3, r12, lr}
    bxne    r12
    cps     #MODE_ABORT                 @ where lr and spsr are still this abort's
    b       fatal_data_abort

on_prefetch_abort:
    sub     lr, lr, #4
    WAS_IT_USER
    beq     1f
    FATAL   ArmOnPrefetchAbort, MODE_ABORT, 0
1:  FROM_USER ArmOnUserPrefetchAbort

on_undefined_instruction:
    WAS_IT_USER
    beq     1f
    FATAL   ArmOnUndefinedInstruction, MODE_UNDEFINED, 4
1:  tst     sp, #THUMB                  @ spsr
    subeq   lr, lr, #4
    subne   lr, lr, #2
    FROM_USER ArmOnUserUndefinedInstruction

on_irq:
    sub     lr, lr, #4
    WAS_IT_USER
    bne     irq_in_kernel
    srsdb   sp!, #MODE_SUPERVISOR
    cpsie   a, #MODE_SUPERVISOR
    SAVE_USER ENTRY_OTHER
    add     r0, sp, #USER_STATE
    bl      ArmOnIrq
    b       ArmReturnToUser
    .ltorg

irq_in_kernel:
    SAVE_STATE MODE_SUPERVISOR
    ldr     r4, =ArmOnIrq
    b       call_handler

on_reset:
    FATAL   ArmOnReset, MODE_SUPERVISOR, 0
fatal_supervisor_call:
    FATAL   ArmOnSupervisorCall, MODE_SUPERVISOR, 4
on_hyp_trap:
    FATAL   ArmOnHypTrap, MODE_SUPERVISOR, 0
on_fiq:
    FATAL   ArmOnFiq, MODE_FIQ, 4

    @ r4: the handler. Completes the state at sp and passes it.
call_handler:
    mov     r5, lr                      @ this mode's own, right if it was the interrupted one
    mov     r6, sp
    ldr     r0, [sp, #STATE_CPSR]
    and     r0, r0, #MODE_MASK
    tst     r0, #NOT_USER               @ user mode's registers are system mode's
    orreq   r0, r0, #MODE_MASK
    mrs     r1, cpsr
    and     r2, r1, #MODE_MASK
    cmp     r0, r2
    addeq   r6, sp, #STATE_CPSR + 4
    beq     1f
    bic     r2, r1, #MODE_MASK
    orr     r2, r2, r0
    msr     cpsr_c, r2
    mov     r5, lr
    mov     r6, sp
    msr     cpsr_c, r1
1:  str     r6, [sp, #STATE_SP]
    str     r5, [sp, #STATE_LR]
    mov     r0, sp
    mov     r5, sp
    bic     sp, sp, #7                  @ AAPCS 5.2.1.2
    blx     r4

    @ Only ArmOnIrq returns. lr is supervisor mode's: the interrupted one's, or of no meaning there.
    mov     sp, r5
    clrex                               @ A3.4.4
    ldr     lr, [sp, #STATE_LR]
    pop     {r0-r12}
    add     sp, sp, #8
    rfeia   sp!
    .ltorg

    @ In use from ExitWithFailure() on: nobody answered the semihosting call.
    .globl  arm_exit_vectors
    .balign 32
arm_exit_vectors:
    .rept   8
    b       exit_without_semihosting
    .endr
exit_without_semihosting:
    cpsid   aif, #MODE_ABORT
    ldr     sp, =fault_stack_top
    b       ArmExitWithoutSemihosting
    .ltorg

    .section .note.GNU-stack, "", %progbits
