// A layout's numbers for readers that are not C++: the linker, the assembler, other programs.
#pragma once

#include <span>

#include "kernel/base/print.h"
#include "kernel/mm/facts/layout.h"

namespace layouts {

// All tables of one layout, one for each kind of hardware; their kernel halves must agree.
using Tables = std::span<const mm::Layout* const>;

// `LAYOUT_IMAGE_LINK_BASE = 0x...;` and so on, for a linker script's INCLUDE.
void EmitLinkerSymbols(base::Sink& sink, Tables tables);

// `#define LAYOUT_IMAGE_LINK_BASE 0x...`: the same names, for .S files.
void EmitAssemblerHeader(base::Sink& sink, Tables tables);

// Every table with every column, and the digest that the boot prints.
void EmitJson(base::Sink& sink, Tables tables);

}  // namespace layouts
