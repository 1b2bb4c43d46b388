// First instructions of the kernel: from a PVH loader's 32-bit protected mode to 64-bit code at the
// image's own addresses.
//
// Entry state, Xen's docs/misc/pvh.pandoc: EBX has the physical address of the start info, paging
// and interrupts are off, segments are flat. Nothing is written to a control register or MSR that
// CPUID does not announce.

#include "arch/x86_64/devices/ports_asm.h"
#include "layouts/layout_asm.h"

// Where a symbol of the image lies before there are page tables.
#define PHYSICAL(symbol) ((symbol) - LAYOUT_IMAGE_LINK_BASE + LAYOUT_IMAGE_LOAD_BASE)

// Which entry of a table covers an address; `shift` is the size of what one entry covers.
#define TABLE_OFFSET(address, shift) ((((address) >> (shift)) & 511) * 8)

    // CPUID, SDM vol. 2A, tables 3-8, 3-10 and 3-11.
    .set CPUID_TSC, 4                     // leaf 1, EDX
    .set CPUID_MSR, 5
    .set CPUID_PAE, 6
    .set CPUID_APIC, 9
    .set CPUID_STRUCTURED_LEAF, 7
    .set CPUID_LA57, 16                   // leaf 7, ECX
    .set CPUID_HIGHEST_EXTENDED, 0x80000000
    .set CPUID_EXTENDED_LEAF, 0x80000001
    .set CPUID_NX, 20                     // leaf 0x80000001, EDX
    .set CPUID_LONG_MODE, 29

    // Control registers, SDM vol. 3A 2.3, 2.5 and 2.2.1.
    .set EFLAGS_ID, 1 << 21
    .set CR0_PAGING, 1 << 31
    .set CR4_PAE, 1 << 5
    .set CR4_LA57, 1 << 12
    .set MSR_EFER, 0xc0000080
    .set EFER_LONG_MODE, 1 << 8
    .set EFER_NO_EXECUTE, 1 << 11

    // Page table entries, SDM vol. 3A 4.5.4.
    .set ENTRY_TABLE, 0x003               // present, writable
    .set ENTRY_LARGE_PAGE, 0x083          // present, writable, 2 MiB
    .set LARGE_PAGE_BYTES, 0x200000
    .set TABLE_BYTES, 4096
    .set VISIBLE_GIB, 4
    .set VIEW_ENTRY, 1                    // of level 4: 512 GiB

    .set CODE_SELECTOR, 0x08
    .set DATA_SELECTOR, 0x10

    .section .note.pvh, "a", @note
    .balign 4
    .long 4                               // size of the name
    .long 8                               // size of the entry point
    .long 18                              // XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad PHYSICAL(pvh_start)

// Refuses the boot with `message` unless EDI has bit `bit`.
.macro require bit, message
    movl $PHYSICAL(\message), %esi
    btl $\bit, %edi
    jnc refuse
.endm

    .section .text.start, "ax"
    .code32
    .globl pvh_start
    .type pvh_start, @function
pvh_start:
    cli
    cld
    movl $PHYSICAL(boot_stack_top), %esp
    movl %ebx, %ebp                       // CPUID overwrites EBX

    // There is a CPUID instruction if EFLAGS.ID can be changed (SDM vol. 1, 20.1.1).
    pushfl
    popl %eax
    movl %eax, %ecx
    xorl $EFLAGS_ID, %eax
    pushl %eax
    popfl
    pushfl
    popl %edi
    xorl %ecx, %edi
    require 21, no_cpuid

    movl $1, %eax
    cpuid
    movl %edx, %edi
    require CPUID_TSC, no_time_stamp_counter
    rdtsc
    movl %eax, PHYSICAL(entry_cycles)
    movl %edx, PHYSICAL(entry_cycles) + 4
    require CPUID_MSR, no_msr
    require CPUID_PAE, no_pae
    require CPUID_APIC, no_apic

    xorl %edi, %edi
    movl $CPUID_HIGHEST_EXTENDED, %eax
    cpuid
    cmpl $CPUID_EXTENDED_LEAF, %eax
    jb 1f
    movl $CPUID_EXTENDED_LEAF, %eax
    cpuid
    movl %edx, %edi
1:  require CPUID_LONG_MODE, no_long_mode
    require CPUID_NX, no_execute_disable

    // EDI: CR4 to be. Five levels where the processor has them.
    movl $CR4_PAE, %edi
    xorl %eax, %eax
    cpuid
    cmpl $CPUID_STRUCTURED_LEAF, %eax
    jb 1f
    movl $CPUID_STRUCTURED_LEAF, %eax
    xorl %ecx, %ecx
    cpuid
    btl $CPUID_LA57, %ecx
    jnc 1f
    orl $CR4_LA57, %edi
1:

// Page tables for the way up, all of large pages that may do anything; kernel/init replaces them.
// Tables are in .bss, so only what is not zero is written.
    // Physical memory below 4 GiB: at its own address for this code, and a second time for reading
    // firmware's tables, which may start at address 0.
    movl $PHYSICAL(boot_directories), %ebx
    movl $ENTRY_LARGE_PAGE, %eax
1:  movl %eax, (%ebx)
    addl $8, %ebx
    addl $LARGE_PAGE_BYTES, %eax
    jnc 1b                                // until the address wraps at 4 GiB
    movl $PHYSICAL(boot_low_gigabytes), %ebx
    movl $PHYSICAL(boot_directories) + ENTRY_TABLE, %eax
    movl $VISIBLE_GIB, %ecx
1:  movl %eax, (%ebx)
    addl $8, %ebx
    addl $TABLE_BYTES, %eax
    loop 1b

    // The first GiB again, at the start of the direct map and at the image's addresses.
    movl $PHYSICAL(boot_directories) + ENTRY_TABLE, %eax
    movl %eax, PHYSICAL(boot_high_gigabytes) + TABLE_OFFSET(LAYOUT_DIRECT_BASE, 30)
    movl %eax, PHYSICAL(boot_high_gigabytes) + TABLE_OFFSET(LAYOUT_IMAGE_LINK_BASE, 30)
#if (LAYOUT_DIRECT_BASE >> 39) != (LAYOUT_IMAGE_LINK_BASE >> 39)
#error "the boot tables have one table for the direct map and the image"
#endif
#if LAYOUT_DIRECT_TARGET != 0
#error "the boot tables start the direct map with physical address 0"
#endif
#if ((LAYOUT_IMAGE_LINK_BASE - LAYOUT_IMAGE_LOAD_BASE) & 0x3fffffff) != 0
#error "the image's addresses must differ from its physical ones by whole GiB"
#endif

    movl $PHYSICAL(boot_low_gigabytes) + ENTRY_TABLE, %eax
    movl %eax, PHYSICAL(boot_level4)
    movl %eax, PHYSICAL(boot_level4) + VIEW_ENTRY * 8
    movl $PHYSICAL(boot_high_gigabytes) + ENTRY_TABLE, \
        PHYSICAL(boot_level4) + TABLE_OFFSET(LAYOUT_IMAGE_LINK_BASE, 39)
    movl $PHYSICAL(boot_level4), %eax
    testl $CR4_LA57, %edi
    jz 1f
    movl $PHYSICAL(boot_level4) + ENTRY_TABLE, %eax
    movl %eax, PHYSICAL(boot_level5)
    movl %eax, PHYSICAL(boot_level5) + TABLE_OFFSET(LAYOUT_IMAGE_LINK_BASE, 48)
    movl $PHYSICAL(boot_level5), %eax
1:
    // The order of SDM vol. 3A 9.8.5.
    movl %edi, %cr4
    movl %eax, %cr3
    movl $MSR_EFER, %ecx
    rdmsr
    orl $(EFER_LONG_MODE | EFER_NO_EXECUTE), %eax
    wrmsr
    movl %cr0, %eax
    orl $CR0_PAGING, %eax
    movl %eax, %cr0
    lgdtl PHYSICAL(boot_descriptors_pointer)
    ljmpl $CODE_SELECTOR, $PHYSICAL(.Llong_mode)

    .code64
.Llong_mode:
    movw $DATA_SELECTOR, %ax
    movw %ax, %ds
    movw %ax, %es
    movw %ax, %ss
    movabsq $.Lat_image_addresses, %rax
    jmpq *%rax
.Lat_image_addresses:
    leaq boot_stack_top(%rip), %rsp
    movl %ebp, %edi
    movq entry_cycles(%rip), %rsi
    movabsq $(VIEW_ENTRY << 39), %rdx
    xorl %ebp, %ebp                       // the end of every backtrace
    pushq $0
    pushq $0
    callq ArchEnter
    ud2
    .size pvh_start, . - pvh_start

// Prints the text at ESI and ends the run with a failing status: there will be no kernel to do it.
    .code32
    .type refuse, @function
refuse:
    movl %esi, %ebx
    movl $PHYSICAL(refusal), %esi
    calll print
    movl %ebx, %esi
    calll print
    movl $DEBUG_EXIT_FAILURE, %eax
    movw $DEBUG_EXIT_PORT, %dx
    outl %eax, %dx
1:  hlt
    jmp 1b
    .size refuse, . - refuse

    .set LINE_STATUS, 5
    .set TRANSMITTER_EMPTY, 0x20

// Writes the text at ESI to the serial port, at the speed firmware left it at.
    .type print, @function
print:
    movw $(SERIAL_PORT + LINE_STATUS), %dx
1:  inb %dx, %al
    testb $TRANSMITTER_EMPTY, %al
    jz 1b
    lodsb
    testb %al, %al
    jz 2f
    movw $SERIAL_PORT, %dx
    outb %al, %dx
    jmp print
2:  retl
    .size print, . - print

    .section .rodata.start, "a"
refusal:
    .asciz "BOOT REFUSED: this processor has no "
no_cpuid:
    .asciz "CPUID instruction\r\n"
no_time_stamp_counter:
    .asciz "time-stamp counter\r\n"
no_msr:
    .asciz "model-specific registers\r\n"
no_pae:
    .asciz "physical address extension\r\n"
no_apic:
    .asciz "local APIC\r\n"
no_long_mode:
    .asciz "64-bit mode\r\n"
no_execute_disable:
    .asciz "NX (no-execute pages)\r\n"

    // SDM vol. 3A 3.4.5; marked accessed, so the processor does not write here.
    .balign 8
boot_descriptors:
    .quad 0
    .quad 0x00af9b000000ffff              // code, 64-bit
    .quad 0x00cf93000000ffff              // data
boot_descriptors_pointer:
    .word boot_descriptors_pointer - boot_descriptors - 1
    .long PHYSICAL(boot_descriptors)

    .section .bss.start, "aw", @nobits
    .balign TABLE_BYTES
boot_level5:
    .skip TABLE_BYTES
boot_level4:
    .skip TABLE_BYTES
boot_low_gigabytes:
    .skip TABLE_BYTES
boot_high_gigabytes:
    .skip TABLE_BYTES
boot_directories:
    .skip VISIBLE_GIB * TABLE_BYTES
entry_cycles:
    .skip 8

    .section .note.GNU-stack, "", @progbits
