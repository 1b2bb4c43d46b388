@ Exception entry: saves an arch::RegisterState (registers.h) and calls the handler in C++.
@
@ IRQ saves on the supervisor stack, which is the one it interrupts. Everything else ends the kernel
@ and saves on the fault stack, abort mode's, so that an overflown kernel stack can be reported. No
@ other mode has a stack: SRS stores the return state on another mode's (ARM DDI 0406C B9.3.16).

    .syntax unified
    .arch   armv7-a

    .equ MODE_MASK, 0x1F                @ B1.3.1
    .equ MODE_USER, 0x10
    .equ MODE_FIQ, 0x11
    .equ MODE_IRQ, 0x12
    .equ MODE_SUPERVISOR, 0x13
    .equ MODE_ABORT, 0x17
    .equ MODE_UNDEFINED, 0x1B
    .equ MODE_SYSTEM, 0x1F

    @ arch::RegisterState: r0..r12, sp, lr, pc, cpsr.
    .equ STATE_SP, 13 * 4
    .equ STATE_LR, 14 * 4
    .equ STATE_CPSR, 16 * 4

    @ On \mode's stack: pc, cpsr, room for sp and lr, r0..r12. \correction is how far lr is past the
    @ instruction to report (table B1-7).
.macro SAVE_STATE mode, correction
    .if \correction
    sub     lr, lr, #\correction
    .endif
    srsdb   sp!, #\mode
    cpsid   aif, #\mode
    sub     sp, sp, #8
    push    {r0-r12}
.endm

    @ Taken in mode \from. The handler does not return, so that what is on the fault stack is of no
    @ more use: starting at its top cannot run out of it.
.macro FATAL handler, from, correction
    cps     #MODE_ABORT
    ldr     sp, =fault_stack_top
    cps     #\from
    SAVE_STATE MODE_ABORT, \correction
    ldr     r4, =\handler
    b       call_handler
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

on_reset:
    FATAL   ArmOnReset, MODE_SUPERVISOR, 0
on_undefined_instruction:
    FATAL   ArmOnUndefinedInstruction, MODE_UNDEFINED, 4
on_supervisor_call:
    FATAL   ArmOnSupervisorCall, MODE_SUPERVISOR, 4
on_prefetch_abort:
    FATAL   ArmOnPrefetchAbort, MODE_ABORT, 4
on_data_abort:
    FATAL   ArmOnDataAbort, MODE_ABORT, 8
on_hyp_trap:
    FATAL   ArmOnHypTrap, MODE_SUPERVISOR, 0
on_fiq:
    FATAL   ArmOnFiq, MODE_FIQ, 4

on_irq:
    SAVE_STATE MODE_SUPERVISOR, 4
    ldr     r4, =ArmOnIrq
    @ Falls through.

    @ r4: the handler. Completes the state at sp and passes it.
call_handler:
    mov     r5, lr                      @ this mode's own, right if it was the interrupted one
    mov     r6, sp
    ldr     r0, [sp, #STATE_CPSR]
    and     r0, r0, #MODE_MASK
    cmp     r0, #MODE_USER              @ user mode's registers are system mode's
    moveq   r0, #MODE_SYSTEM
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
    clrex                               @ A3.4.4: an interrupted exclusive access must fail
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
