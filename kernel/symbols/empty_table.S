// What an image's first link has in place of its symbol table (kernel/image.bzl).
    .section .rodata.symbols, "a"
    .balign 4
    .globl symbol_table_entry_count
symbol_table_entry_count:
    .long 0
    .globl symbol_table_name_bytes
symbol_table_name_bytes:
    .long 0
    .globl symbol_table_entries
symbol_table_entries:
    .globl symbol_table_names
symbol_table_names:

    .section .note.GNU-stack, ""
