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

// Bits of an address that four levels of tables translate, SDM vol. 3A 4.5.4.
#define FOUR_LEVEL_ADDRESS_BITS 48

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
    .set ENTRY_PAGE, 0x003                // present, writable, 4 KiB
    .set LARGE_PAGE_BYTES, 0x200000
    .set PAGE_BYTES, 0x1000
    .set TABLE_BYTES, 4096
    .set TABLE_ENTRIES, 512
    // At most: of level 3 for four entries of level 4, one for each map_gigabyte, and those of levels
    // 2 and 1 for scratchpad and boot stack.
    .set BOOT_TABLES, 4 + 7 + 3
    .set GIGABYTE, 1 << 30
    .set VIEW_BASE, 1 << 39               // no layout's: 512 GiB

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

// Maps large pages from `virtual` to the next multiple of 1 GiB to memory from `physical` on. EDX:
// the next unused table. Uses EAX, EBX, ECX, ESI.
.macro map_gigabyte virtual, physical
    movl $PHYSICAL(boot_level4) + TABLE_OFFSET(\virtual, 39), %ebx
    calll next_table
    addl $TABLE_OFFSET(\virtual, 30), %ebx
    calll next_table
    addl $TABLE_OFFSET(\virtual, 21), %ebx
    movl $((\physical) & ~(LARGE_PAGE_BYTES - 1)) + ENTRY_LARGE_PAGE, %eax
    movl $TABLE_ENTRIES - TABLE_OFFSET(\virtual, 21) / 8, %ecx
    movl $LARGE_PAGE_BYTES, %esi
    calll fill_table
.endm

// Maps `pages` pages from the memory at `frames` on, with entries from the offset `entries` on in the
// last table that leads to `virtual`. EDX: the next unused table. Uses EAX, EBX, ECX, ESI.
.macro map_pages virtual, entries, frames, pages
    movl $PHYSICAL(boot_level4) + TABLE_OFFSET(\virtual, 39), %ebx
    calll next_table
    addl $TABLE_OFFSET(\virtual, 30), %ebx
    calll next_table
    addl $TABLE_OFFSET(\virtual, 21), %ebx
    calll next_table
    addl $\entries, %ebx
    movl $PHYSICAL(\frames) + ENTRY_PAGE, %eax
    movl $\pages, %ecx
    movl $PAGE_BYTES, %esi
    calll fill_table
.endm

    .section .text.start, "ax"
    .code32
    .globl pvh_start
    .type pvh_start, @function
pvh_start:
    cli
    cld
    movl $PHYSICAL(boot_stack_frames_limit), %esp
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

    // EDI: CR4 to be.
    movl $CR4_PAE, %edi
#if LAYOUT_ADDRESS_BITS > FOUR_LEVEL_ADDRESS_BITS
    // Five levels where the processor has them.
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
#endif

// Page tables for the way up, all of large pages that may do anything; kernel/init replaces them.
// Tables are in .bss, so only what is not zero is written.
    movl $PHYSICAL(boot_tables), %edx
    // This code, at its own address.
    map_gigabyte 0, 0
    // Physical memory below 4 GiB for reading firmware's tables, which may start at address 0.
    map_gigabyte VIEW_BASE, 0
    map_gigabyte VIEW_BASE + GIGABYTE, GIGABYTE
    map_gigabyte VIEW_BASE + 2 * GIGABYTE, 2 * GIGABYTE
    map_gigabyte VIEW_BASE + 3 * GIGABYTE, 3 * GIGABYTE
    // The start of the direct map, and the image; one may lie inside the other.
    map_gigabyte LAYOUT_DIRECT_BASE, LAYOUT_DIRECT_TARGET
    map_gigabyte LAYOUT_IMAGE_LINK_BASE, LAYOUT_IMAGE_LOAD_BASE
#ifdef LAYOUT_SCRATCHPAD_BASE
    // The region's first table begins with the scratchpad, its last one ends with the boot stack.
    map_pages LAYOUT_SCRATCHPAD_BASE, 0, scratchpad_frames, scratchpad_pages
    map_pages LAYOUT_SCRATCHPAD_LAST, boot_stack_entries, boot_stack_frames, boot_stack_pages
#if (LAYOUT_SCRATCHPAD_BASE & 0x1fffff) != 0 || (LAYOUT_SCRATCHPAD_LAST & 0x1fffff) != 0x1fffff
#error "the scratchpad's region must be whole tables"
#endif
#endif
#if (LAYOUT_DIRECT_BASE & 0x3fffffff) != 0 || (LAYOUT_DIRECT_TARGET & 0x1fffff) != 0
#error "the direct map must start at a whole GiB and show memory from a whole large page on"
#endif
#if ((LAYOUT_IMAGE_LINK_BASE - LAYOUT_IMAGE_LOAD_BASE) & 0x1fffff) != 0
#error "the image's addresses must differ from its physical ones by whole large pages"
#endif

    movl $PHYSICAL(boot_level4), %eax
#if LAYOUT_ADDRESS_BITS > FOUR_LEVEL_ADDRESS_BITS
#if (LAYOUT_DIRECT_BASE >> 48) != (LAYOUT_IMAGE_LINK_BASE >> 48)
#error "the boot tables have one table of level 4 for the direct map and the image"
#endif
    testl $CR4_LA57, %edi
    jz 1f
    addl $ENTRY_TABLE, %eax
    movl %eax, PHYSICAL(boot_level5)
    movl %eax, PHYSICAL(boot_level5) + TABLE_OFFSET(LAYOUT_IMAGE_LINK_BASE, 48)
    movl $PHYSICAL(boot_level5), %eax
1:
#endif
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
    movabsq $VIEW_BASE, %rdx
    xorl %ebp, %ebp                       // the end of every backtrace
    pushq $0
    pushq $0
    callq ArchEnter
    ud2
    .size pvh_start, . - pvh_start

// From the entry at EBX to the table that it points to, which it is given if it has none: EBX. Takes
// from EDX on. Uses EAX.
    .code32
    .type next_table, @function
next_table:
    movl (%ebx), %eax
    testl %eax, %eax
    jnz 1f
    leal ENTRY_TABLE(%edx), %eax
    movl %eax, (%ebx)
    addl $TABLE_BYTES, %edx
1:  andl $-TABLE_BYTES, %eax
    movl %eax, %ebx
    retl
    .size next_table, . - next_table

// Writes ECX entries from EBX on: EAX, and from one to the next ESI bytes further.
    .type fill_table, @function
fill_table:
    movl %eax, (%ebx)
    addl $8, %ebx
    addl %esi, %eax
    loop fill_table
    retl
    .size fill_table, . - fill_table

// Prints the text at ESI and ends the run with a failing status: there will be no kernel to do it.
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
#if LAYOUT_ADDRESS_BITS > FOUR_LEVEL_ADDRESS_BITS
boot_level5:
    .skip TABLE_BYTES
#endif
boot_level4:
    .skip TABLE_BYTES
boot_tables:
    .skip BOOT_TABLES * TABLE_BYTES
entry_cycles:
    .skip 8

    .section .note.GNU-stack, "", @progbits
