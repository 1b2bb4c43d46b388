#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace kernel {

// One function of the image. //tools/symbols writes these as two little-endian words into section
// .rodata.symbols.
struct SymbolEntry {
  uint32_t offset;       // of its first instruction, in bytes from image_start
  uint32_t name_offset;  // of its zero-terminated name, in bytes from the first name
};

// The functions of an image in ascending order of their offset. The last entry has an empty name
// and stands where the text ends.
struct SymbolTable {
  std::span<const SymbolEntry> entries;
  std::string_view names;
};

// A place inside a function.
struct SymbolPlace {
  std::string_view name;
  uint64_t offset;  // in bytes from the function's first instruction
};

// The function that holds `image_offset` (bytes from image_start), or nothing outside the text. A
// table that points past its own names gives nothing either: this runs while a panic is being
// printed.
[[nodiscard]] std::optional<SymbolPlace> FindSymbol(const SymbolTable& table,
                                                    uint64_t image_offset);

}  // namespace kernel
