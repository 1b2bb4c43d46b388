@ First instructions of the kernel: from where the boot loader put the raw image to C++ at its own
@ addresses.
@
@ Entry state: Linux's Documentation/arm/booting.rst. MMU and data cache off, r2 = physical address of
@ the device tree, supervisor or hyp mode. The distance between link and load address is computed, and
@ sections of 1 MiB are mapped by it: an image whose low 20 bits are not the link address's moves down
@ to where they are, in the MiB it begins in. Section numbers are of ARM DDI 0406C.

    .syntax unified
    .arch   armv7-a
    .arch_extension virt

    .equ MODE_MASK, 0x1F                @ B1.3.1
    .equ MODE_SUPERVISOR, 0x13
    .equ MODE_ABORT, 0x17
    .equ MODE_HYP, 0x1A
    .equ MASK_ALL, 0x1C0                @ CPSR.A, I, F

    .equ SECTION_SHIFT, 20              @ B3.5.1
    .equ TABLE_BYTES, 16384
    .equ TREE_SECTIONS, 3               @ 2 MiB of device tree, at any address
    .equ START_BYTES, 4096              @ the code that moves the image is in its first page

    .equ SCTLR_MMU, 1 << 0              @ B4.1.130
    .equ PMCR_ENABLE_RESET, 0x5         @ E and C (B4.1.117)
    .equ PMCNTEN_CYCLES, 1 << 31        @ B4.1.115
    .equ ACTLR_SMP, 1 << 6              @ Cortex-A7 TRM 4.3.31, Cortex-A15 TRM 4.3.28

    @ r8: link address less load address
    @ Loads a word of boot_constants.cc.
.macro LOAD_CONSTANT register, name
    ldr     \register, =\name
    sub     \register, \register, r8
    ldr     \register, [\register]
.endm

    .section .text.boot.start, "ax", %progbits
    .arm

    @ r2 device tree, r8 link less load address, r9 entry cycles, r10 load address of the image
    .globl  image_entry
    .type   image_entry, %function
image_entry:
    @ With the MMU on this was a call of a null pointer, where the kernel lies at address 0. A user's
    @ ends here at once: it may not read SCTLR.
    mrc     p15, 0, r12, c1, c0, 0
    tst     r12, #SCTLR_MMU
    bne     called_with_the_mmu_on

    cpsid   aif
    setend  le

    mov     r9, #0
    mrc     p15, 0, r4, c0, c1, 2       @ ID_DFR0.PerfMon: 0 and 15 are none (B4.1.82)
    ubfx    r4, r4, #24, #4
    sub     r4, r4, #1
    cmp     r4, #14
    bhs     1f
    mov     r4, #PMCR_ENABLE_RESET
    mcr     p15, 0, r4, c9, c12, 0      @ PMCR
    mov     r4, #PMCNTEN_CYCLES
    mcr     p15, 0, r4, c9, c12, 1      @ PMCNTENSET
    isb
    mrc     p15, 0, r9, c9, c13, 0      @ PMCCNTR
1:
    mrs     r4, cpsr
    and     r4, r4, #MODE_MASK
    cmp     r4, #MODE_HYP
    beq     leave_hyp_mode
in_supervisor_mode:
    cps     #MODE_SUPERVISOR

    adr     r10, image_entry
    ldr     r8, =image_entry
    sub     r8, r8, r10
    rsb     r4, r8, #0
    ubfx    r4, r4, #0, #SECTION_SHIFT
    cmp     r4, #0
    beq     in_place

    @ r4: how far down, in the same MiB: there may be no RAM below. The first page goes first, so that
    @ the rest is moved by code that stays.
    cmp     r4, #START_BYTES
    blo     refuse_address
    ubfx    r5, r10, #0, #SECTION_SHIFT
    cmp     r5, r4
    blo     refuse_address
    sub     r5, r10, r4
    mov     r0, r10
    mov     r1, r5
    add     r3, r0, #START_BYTES
1:  ldmia   r0!, {r6, r7, r11, r12}
    stmia   r1!, {r6, r7, r11, r12}
    cmp     r0, r3
    blo     1b
    dsb
    mcr     p15, 0, r0, c7, c5, 0       @ ICIALLU
    dsb
    isb
    adr     r6, 2f
    sub     r6, r6, r4
    bx      r6
2:  ldr     r3, =image_limit
    sub     r3, r3, r8
3:  ldmia   r0!, {r6, r7, r11, r12}
    stmia   r1!, {r6, r7, r11, r12}
    cmp     r0, r3
    blo     3b
    mov     r10, r5
    add     r8, r8, r4
    dsb
    mcr     p15, 0, r0, c7, c5, 0       @ ICIALLU
    dsb
    isb

    @ The image is mapped at its physical address, too, which may not be one of the kernel's.
in_place:
    LOAD_CONSTANT r6, boot_kernel_index
    LOAD_CONSTANT r7, boot_kernel_sections
    rsb     r4, r6, r10, lsr #SECTION_SHIFT
    cmp     r4, r7
    blo     refuse_address
    ldr     r4, =image_limit - 1
    sub     r4, r4, r8
    rsb     r4, r6, r4, lsr #SECTION_SHIFT
    cmp     r4, r7
    blo     refuse_address

    bl      quiet_memory_system
    bl      clear_bss
    bl      make_boot_table
    bl      enable_mmu

    ldr     pc, =high_half
high_half:
    cps     #MODE_ABORT
    ldr     sp, =fault_stack_top
    cps     #MODE_SUPERVISOR
    ldr     sp, =boot_stack_top
    mov     r0, r2
    mov     r1, r9
    mov     r2, r10
    mov     r11, #0                     @ the chain of frames ends here
    mov     lr, #0
    ldr     pc, =ArchEnter

    @ A frame of its own, so that a backtrace names the caller.
called_with_the_mmu_on:
    push    {r11, lr}
    mov     r11, sp
    .globl  image_entry_trap
image_entry_trap:
    udf     #0
    .ltorg
    .size   image_entry, . - image_entry

    .section .text.boot, "ax", %progbits

    @ Gives everything that hyp mode can withhold to the modes below, and goes there (B1.7, B4.1).
leave_hyp_mode:
    mov     r5, #0
    mcr     p15, 4, r5, c1, c1, 0       @ HCR: nothing is routed to hyp mode
    ldr     r4, =0x33FF
    mcr     p15, 4, r4, c1, c1, 2       @ HCPTR: only what reads as one
    mcr     p15, 4, r5, c1, c1, 3       @ HSTR
    mrc     p15, 0, r4, c9, c12, 0
    ubfx    r4, r4, #11, #5             @ PMCR.N
    mcr     p15, 4, r4, c1, c1, 1       @ HDCR.HPMN: all counters
    mrc     p15, 4, r4, c14, c1, 0
    orr     r4, r4, #3
    mcr     p15, 4, r4, c14, c1, 0      @ CNTHCTL: physical counter and timer
    mcrr    p15, 4, r5, r5, c14         @ CNTVOFF
    mrc     p15, 0, r4, c0, c0, 0
    mcr     p15, 4, r4, c0, c0, 0       @ VPIDR = MIDR
    mrc     p15, 0, r4, c0, c0, 5
    mcr     p15, 4, r4, c0, c0, 5       @ VMPIDR = MPIDR
    ldr     r4, =MASK_ALL | MODE_SUPERVISOR
    msr     spsr_cxsf, r4
    adr     r4, .Lbelow_hyp_mode
    msr     elr_hyp, r4
    eret
.Lbelow_hyp_mode:
    b       in_supervisor_mode

    @ Nothing that was cached or predicted before may be used once the MMU is on (B2.2.2, B3.10.1).
    @ Uses r0, r1, r3-r6.
quiet_memory_system:
    mrc     p15, 0, r0, c1, c0, 0       @ SCTLR
    LOAD_CONSTANT r1, boot_sctlr_clear
    bic     r0, r0, r1
    mcr     p15, 0, r0, c1, c0, 0
    isb

    @ Coherency must be on before any cache or the MMU (TRMs as above). Other processors have no
    @ such bit; where the secure side keeps it to itself the write is ignored.
    mrc     p15, 0, r0, c0, c0, 0       @ MIDR: implementer and part
    ldr     r1, =0xFF00FFF0
    and     r0, r0, r1
    ldr     r1, =0x4100C070             @ Cortex-A7
    cmp     r0, r1
    ldrne   r1, =0x4100C0F0             @ Cortex-A15
    cmpne   r0, r1
    bne     1f
    mrc     p15, 0, r0, c1, c0, 1       @ ACTLR
    tst     r0, #ACTLR_SMP
    orreq   r0, r0, #ACTLR_SMP
    mcreq   p15, 0, r0, c1, c0, 1
    isb
1:
    @ After reset the first level of data cache may hold anything (B2.2.2); the loader has cleaned
    @ what it wrote. By set and way: B2.2.4.
    mov     r0, #0
    mcr     p15, 2, r0, c0, c0, 0       @ CSSELR: level 1, data
    isb
    mrc     p15, 1, r0, c0, c0, 0       @ CCSIDR
    and     r1, r0, #7
    add     r1, r1, #4                  @ log2 of the line's bytes
    ubfx    r3, r0, #13, #15            @ sets - 1
    ubfx    r4, r0, #3, #10             @ ways - 1
    clz     r5, r4                      @ ways are numbered from bit 31 down
2:  mov     r6, r4
3:  lsl     r0, r6, r5
    orr     r0, r0, r3, lsl r1
    mcr     p15, 0, r0, c7, c6, 2       @ DCISW
    subs    r6, r6, #1
    bhs     3b
    subs    r3, r3, #1
    bhs     2b

    mov     r0, #0
    mcr     p15, 0, r0, c7, c5, 0       @ ICIALLU
    mcr     p15, 0, r0, c7, c5, 6       @ BPIALL
    mcr     p15, 0, r0, c8, c7, 0       @ TLBIALL
    dsb
    isb
    bx      lr

    @ Uses r0, r1, r3-r6.
clear_bss:
    ldr     r0, =image_bss_start
    ldr     r1, =image_bss_limit        @ both multiples of 16
    sub     r0, r0, r8
    sub     r1, r1, r8
    mov     r3, #0
    mov     r4, #0
    mov     r5, #0
    mov     r6, #0
1:  cmp     r0, r1
    stmialo r0!, {r3-r6}
    blo     1b
    bx      lr

    @ One first-level table for all addresses: both registers point to it, whatever TTBCR.N gives to
    @ which. Uses r0, r1, r3-r7.
make_boot_table:
    ldr     r7, =boot_first_level
    sub     r7, r7, r8
    LOAD_CONSTANT r3, boot_data_section

    @ The start of the direct map.
    LOAD_CONSTANT r4, boot_direct_index
    LOAD_CONSTANT r5, boot_mapped_sections
    lsl     r6, r4, #SECTION_SHIFT
    sub     r6, r6, r8
    orr     r6, r6, r3
    add     r0, r7, r4, lsl #2
1:  str     r6, [r0], #4
    add     r6, r6, #1 << SECTION_SHIFT
    subs    r5, r5, #1
    bne     1b

    @ The device tree, at its place in the direct map. A bad address is ArchEnter's to report.
    LOAD_CONSTANT r5, boot_direct_sections
    add     r0, r2, r8
    rsb     r0, r4, r0, lsr #SECTION_SHIFT
    mov     r1, #TREE_SECTIONS
2:  cmp     r0, r5
    bhs     3f
    add     r6, r4, r0
    lsl     r12, r6, #SECTION_SHIFT
    sub     r12, r12, r8
    orr     r12, r12, r3
    str     r12, [r7, r6, lsl #2]
3:  add     r0, r0, #1
    subs    r1, r1, #1
    bne     2b

    @ And at its physical address, for a direct map that does not reach all of it.
    LOAD_CONSTANT r5, boot_kernel_sections
    lsr     r0, r2, #SECTION_SHIFT
    mov     r1, #TREE_SECTIONS
4:  LOAD_CONSTANT r12, boot_kernel_index
    sub     r12, r0, r12
    cmp     r12, r5
    orrhs   r12, r3, r0, lsl #SECTION_SHIFT
    strhs   r12, [r7, r0, lsl #2]
    add     r0, r0, #1
    ubfx    r0, r0, #0, #32 - SECTION_SHIFT
    subs    r1, r1, #1
    bne     4b

    @ The image, executable, high and at its physical address.
    LOAD_CONSTANT r3, boot_code_section
    ldr     r4, =image_entry
    lsr     r4, r4, #SECTION_SHIFT
    ldr     r5, =image_limit - 1
    lsr     r5, r5, #SECTION_SHIFT
5:  lsl     r6, r4, #SECTION_SHIFT
    sub     r6, r6, r8
    orr     r12, r6, r3
    str     r12, [r7, r4, lsl #2]
    lsr     r6, r6, #SECTION_SHIFT
    str     r12, [r7, r6, lsl #2]
    add     r4, r4, #1
    cmp     r4, r5
    bls     5b

    @ The serial port, so that whatever goes wrong next can be said.
    LOAD_CONSTANT r0, boot_early_uart
    LOAD_CONSTANT r3, boot_device_section
    lsr     r0, r0, #SECTION_SHIFT
    orr     r3, r3, r0, lsl #SECTION_SHIFT
    str     r3, [r7, r0, lsl #2]
    dsb
    bx      lr

    @ r7: the table. Returns through the identity mapping. Uses r0, r1.
enable_mmu:
    LOAD_CONSTANT r0, boot_ttbcr
    mcr     p15, 0, r0, c2, c0, 2       @ TTBCR
    LOAD_CONSTANT r0, boot_walk_attributes
    orr     r0, r0, r7
    mcr     p15, 0, r0, c2, c0, 0       @ TTBR0
    mcr     p15, 0, r0, c2, c0, 1       @ TTBR1
    LOAD_CONSTANT r0, boot_dacr
    mcr     p15, 0, r0, c3, c0, 0       @ DACR
    LOAD_CONSTANT r0, boot_prrr
    mcr     p15, 0, r0, c10, c2, 0      @ PRRR
    LOAD_CONSTANT r0, boot_nmrr
    mcr     p15, 0, r0, c10, c2, 1      @ NMRR
    mov     r0, #0
    mcr     p15, 0, r0, c13, c0, 1      @ CONTEXTIDR: ASID 0
    mcr     p15, 0, r0, c8, c7, 0       @ TLBIALL, under the new TTBCR
    dsb
    isb
    mrc     p15, 0, r0, c1, c0, 0
    LOAD_CONSTANT r1, boot_sctlr_set
    orr     r0, r0, r1
    mcr     p15, 0, r0, c1, c0, 0       @ SCTLR.M
    isb
    bx      lr
    .ltorg

    .section .bss.boot_first_level, "aw", %nobits
    .balign TABLE_BYTES
    .globl  boot_first_level
    .type   boot_first_level, %object
boot_first_level:
    .skip   TABLE_BYTES
    .size   boot_first_level, TABLE_BYTES

    .section .note.GNU-stack, "", %progbits
