#include "kernel/symbols/linked_symbols.h"

// Defined by empty_table.S in an image's first link, by the output of //tools/symbols in its second
// one.
extern "C" {
extern const kernel::SymbolEntry symbol_table_entries[];
extern const uint32_t symbol_table_entry_count;
extern const char symbol_table_names[];
extern const uint32_t symbol_table_name_bytes;
}

namespace kernel {

SymbolTable LinkedSymbols() {
  return {.entries = {symbol_table_entries, symbol_table_entry_count},
          .names = {symbol_table_names, symbol_table_name_bytes}};
}

}  // namespace kernel
