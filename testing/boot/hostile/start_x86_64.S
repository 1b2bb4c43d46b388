// A loader between QEMU and the kernel: gives the unmodified image a start info of our own making.
//
// QEMU starts this by its own PVH note and loads the kernel beside it. Entry state as for any PVH kernel, Xen's
// docs/misc/pvh.pandoc: 32-bit protected mode, EBX points to QEMU's start info.

    .set START_INFO_POINTER, 0x2200000   // QEMU's loader writes the address to pass on here
    .set START_INFO, 0x2100000           // and the data here, if there is any
    .set KERNEL_BASE, 0x100000           // where the kernel's entry note is searched for
    .set KERNEL_LIMIT, 0x1800000
    .set ROOT_POINTER, 32                // offset of the ACPI root pointer in a start info
    .set NOTE_NAME_BYTES, 4
    .set NOTE_ENTRY, 18                  // XEN_ELFNOTE_PHYS32_ENTRY
    .set NOTE_XEN, 0x006e6558            // "Xen"
    .set EXIT_PORT, 0xf4                 // isa-debug-exit
    .set EXIT_NO_KERNEL, 0x20

    .section .note.pvh, "a", @note
    .balign 4
    .long 4, 4, NOTE_ENTRY
    .asciz "Xen"
    .long start

    .section .text, "ax"
    .code32
    .globl start
start:
    movl ROOT_POINTER(%ebx), %edi
    movl START_INFO_POINTER, %ebx
    // Powering off takes ACPI's tables: pass them on, where there is a start info.
    cmpl $START_INFO, %ebx
    jne 1f
    movl %edi, ROOT_POINTER(%ebx)

1:  movl $KERNEL_BASE, %esi
2:  cmpl $NOTE_NAME_BYTES, (%esi)
    jne 3f
    cmpl $NOTE_ENTRY, 8(%esi)
    jne 3f
    cmpl $NOTE_XEN, 12(%esi)
    jne 3f
    jmp *16(%esi)
3:  addl $4, %esi
    cmpl $KERNEL_LIMIT, %esi
    jb 2b
    movl $EXIT_NO_KERNEL, %eax
    outl %eax, $EXIT_PORT
4:  hlt
    jmp 4b
