#pragma once

#include "kernel/symbols/symbol_table.h"

namespace kernel {

// The symbol table of the running image. It is empty in the first of the two links kernel_image()
// makes.
[[nodiscard]] SymbolTable LinkedSymbols();

}  // namespace kernel
