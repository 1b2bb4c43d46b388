#include "arch/arm/firmware/tree_node.h"

#include <libfdt.h>

namespace arch::arm {
namespace {

constexpr int kMaxCells = 2;  // 64 bits

// An address on a bus is the CPU's only if this and every bus above says "ranges;", which means the
// same addresses on both sides. The root is the CPU's own.
bool HasCpuAddresses(const void* tree, TreeOffset bus) {
  for (; bus > 0; bus = fdt_parent_offset(tree, bus)) {
    const auto ranges = FindProperty(tree, bus, "ranges");
    if (!ranges || !ranges->empty()) return false;
  }
  return true;
}

uint64_t ReadNumber(std::span<const std::byte> cells, size_t first, unsigned count) {
  uint64_t number = 0;
  for (unsigned i = 0; i < count; ++i) {
    number = number << 32 | ReadCell(cells, first + i).value_or(0);
  }
  return number;
}

}  // namespace

std::optional<std::span<const std::byte>> FindProperty(const void* tree, TreeOffset node,
                                                       const char* name) {
  int length = 0;
  const void* const value = fdt_getprop(tree, node, name, &length);
  if (value == nullptr || length < 0) return std::nullopt;
  return std::span(static_cast<const std::byte*>(value), static_cast<size_t>(length));
}

std::optional<std::string_view> FindText(const void* tree, TreeOffset node, const char* name) {
  const auto property = FindProperty(tree, node, name);
  if (!property || property->empty() || property->back() != std::byte{0}) return std::nullopt;
  return std::string_view(reinterpret_cast<const char*>(property->data()));
}

std::optional<uint32_t> ReadCell(std::span<const std::byte> property, size_t index) {
  if (index >= property.size() / sizeof(fdt32_t)) return std::nullopt;
  // Properties are aligned to cells (5.4.1), but a tree need not tell the truth: bytes are read.
  return fdt32_ld(reinterpret_cast<const fdt32_t*>(property.data()) + index);
}

bool IsEnabled(const void* tree, TreeOffset node) {
  if (!FindProperty(tree, node, "status")) return true;
  const auto status = FindText(tree, node, "status");
  return status == "okay" || status == "ok";
}

TreeOffset NextCompatible(const void* tree, TreeOffset previous, const char* compatible) {
  TreeOffset node = previous;
  do {
    node = fdt_node_offset_by_compatible(tree, node, compatible);
  } while (node >= 0 && !IsEnabled(tree, node));
  return node;
}

std::optional<RegList> RegList::Of(const void* tree, TreeOffset node) {
  const TreeOffset parent = fdt_parent_offset(tree, node);
  if (parent < 0 || !HasCpuAddresses(tree, parent)) return std::nullopt;
  const int address_cells = fdt_address_cells(tree, parent);
  const int size_cells = fdt_size_cells(tree, parent);
  const auto representable = [](int cells) { return 1 <= cells && cells <= kMaxCells; };
  if (!representable(address_cells) || !representable(size_cells)) return std::nullopt;
  const auto cells = FindProperty(tree, node, "reg");
  if (!cells) return std::nullopt;
  const RegList list(*cells, static_cast<unsigned>(address_cells),
                     static_cast<unsigned>(size_cells));
  if (cells->size() % list.pair_bytes() != 0) return std::nullopt;
  return list;
}

mm::PhysRange RegList::operator[](size_t index) const {
  const size_t first = index * (address_cells_ + size_cells_);
  return {mm::PhysAddr{ReadNumber(cells_, first, address_cells_)},
          ReadNumber(cells_, first + address_cells_, size_cells_)};
}

}  // namespace arch::arm
