#include "kernel/symbols/symbol_table.h"

#include <algorithm>

namespace kernel {
namespace {

std::string_view NameAt(std::string_view names, uint32_t name_offset) {
  if (name_offset >= names.size()) return {};
  const std::string_view rest = names.substr(name_offset);
  return rest.substr(0, rest.find('\0'));
}

}  // namespace

std::optional<SymbolPlace> FindSymbol(const SymbolTable& table, uint64_t image_offset) {
  const auto next = std::ranges::upper_bound(table.entries, image_offset, {}, &SymbolEntry::offset);
  if (next == table.entries.begin()) return std::nullopt;
  const SymbolEntry& entry = *(next - 1);
  const std::string_view name = NameAt(table.names, entry.name_offset);
  if (name.empty()) return std::nullopt;
  return SymbolPlace{name, image_offset - entry.offset};
}

}  // namespace kernel
