#include "tools/symbols/table.h"

#include <algorithm>
#include <format>
#include <limits>
#include <tuple>

#include "tools/symbols/short_name.h"

namespace symbols {
namespace {

// Of several symbols at one address a backtrace shows the best: a function rather than a label, a
// global one rather than a local one, and then the first in the alphabet, so that the choice is the
// same in every build.
const TextSymbol& Better(const TextSymbol& left, const TextSymbol& right) {
  const auto rank = [](const TextSymbol& symbol) {
    return std::tuple(symbol.kind != TextSymbol::Kind::kFunction,
                      symbol.binding != TextSymbol::Binding::kGlobal,
                      std::string_view(symbol.name));
  };
  return rank(right) < rank(left) ? right : left;
}

}  // namespace

std::expected<std::vector<TableEntry>, std::string> MakeTable(const ElfImage& image) {
  if (!image.image_start) return std::unexpected("does not define image_start");
  if (!image.text_limit) return std::unexpected("does not define image_text_limit");
  const uint64_t start = *image.image_start;
  const uint64_t limit = *image.text_limit;
  if (limit < start || limit - start > std::numeric_limits<uint32_t>::max()) {
    return std::unexpected("has image_text_limit below image_start or more than 4 GiB above it");
  }
  std::vector<TableEntry> table;
  for (auto symbol = image.text.begin(); symbol != image.text.end();) {
    const TextSymbol* best = &*symbol;
    const uint64_t address = symbol->address;
    for (; symbol != image.text.end() && symbol->address == address; ++symbol)
      best = &Better(*best, *symbol);
    if (address < start || address >= limit) continue;
    table.push_back({static_cast<uint32_t>(address - start), ShortName(best->name)});
  }
  if (table.empty())
    return std::unexpected("has no symbol between image_start and image_text_limit");
  table.push_back({static_cast<uint32_t>(limit - start), ""});
  return table;
}

std::string ToAssembly(const std::vector<TableEntry>& table) {
  std::string entries;
  std::string names;
  size_t name_bytes = 0;
  for (const TableEntry& entry : table) {
    entries += std::format("    .long {:#x}, {}\n", entry.offset, name_bytes);
    names += std::format("    .asciz \"{}\"\n", entry.name);
    name_bytes += entry.name.size() + 1;
  }
  return std::format(
      "    .section .rodata.symbols, \"a\"\n"
      "    .balign 4\n"
      "    .globl symbol_table_entry_count\n"
      "symbol_table_entry_count:\n"
      "    .long {}\n"
      "    .globl symbol_table_name_bytes\n"
      "symbol_table_name_bytes:\n"
      "    .long {}\n"
      "    .globl symbol_table_entries\n"
      "symbol_table_entries:\n"
      "{}"
      "    .globl symbol_table_names\n"
      "symbol_table_names:\n"
      "{}"
      "    .section .note.GNU-stack, \"\"\n",
      table.size(), name_bytes, entries, names);
}

std::expected<void, std::string> CheckSameText(const ElfImage& first, const ElfImage& second) {
  if (first.image_start != second.image_start) return std::unexpected("image_start has moved");
  if (first.text_limit != second.text_limit) return std::unexpected("image_text_limit has moved");
  const auto [left, right] = std::ranges::mismatch(first.text, second.text);
  if (left == first.text.end() && right == second.text.end()) return {};
  const auto describe = [](auto place, auto limit) {
    return place == limit ? std::string("nothing")
                          : std::format("{} at {:#x}, {} bytes", place->name, place->address,
                                        place->size_bytes);
  };
  return std::unexpected(std::format("first link: {}; second link: {}",
                                     describe(left, first.text.end()),
                                     describe(right, second.text.end())));
}

}  // namespace symbols
