#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <vector>

#include "tools/symbols/elf_image.h"

namespace symbols {

// A row of the table in the image; kernel/symbols/symbol_table.h describes the linked form.
struct TableEntry {
  uint32_t offset;   // from image_start
  std::string name;  // short; empty for the last row, which ends the text

  bool operator==(const TableEntry&) const = default;
};

// One row for each address of `image` that has a symbol, in ascending order, then the row that ends
// the text.
std::expected<std::vector<TableEntry>, std::string> MakeTable(const ElfImage& image);

// The assembly file that defines what kernel/symbols/linked_symbols.cc declares.
std::string ToAssembly(const std::vector<TableEntry>& table);

// Nothing when both links of an image put the same functions at the same addresses, else what
// differs.
std::expected<void, std::string> CheckSameText(const ElfImage& first, const ElfImage& second);

}  // namespace symbols
