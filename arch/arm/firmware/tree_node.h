// Reading one node of a flattened device tree that fdt_check_full() has accepted.
//
// Devicetree Specification 0.4: 2.3.4 (status), 2.3.5 (#address-cells), 2.3.6 (reg), 2.3.8
// (ranges).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace arch::arm {

// A node is libfdt's offset into the tree. Negative ones are its errors; kNoNode is one of them.
using TreeOffset = int;
inline constexpr TreeOffset kNoNode = -1;

// A property's bytes; nothing if the node has none of that name.
std::optional<std::span<const std::byte>> FindProperty(const void* tree, TreeOffset node,
                                                       const char* name);

// A property that is one text; nothing if there is none or it is not terminated.
std::optional<std::string_view> FindText(const void* tree, TreeOffset node, const char* name);

// The `index`th 32-bit cell of a property; nothing if it is shorter.
std::optional<uint32_t> ReadCell(std::span<const std::byte> property, size_t index);

// Not disabled, failed or reserved for somebody else.
bool IsEnabled(const void* tree, TreeOffset node);

// The next enabled node after `previous` (kNoNode: from the start) that names `compatible`; a
// negative offset after the last.
TreeOffset NextCompatible(const void* tree, TreeOffset previous, const char* compatible);

// A node's "reg": (address, size) pairs in the CPU's address space.
class RegList {
 public:
  // Nothing if the property is missing or its length is no multiple of a pair, if the cell counts
  // are not 1 or 2, or if a bus above the node translates addresses.
  static std::optional<RegList> Of(const void* tree, TreeOffset node);

  size_t size() const { return cells_.size() / pair_bytes(); }
  // May be empty and may wrap: as the tree says it.
  mm::PhysRange operator[](size_t index) const;

 private:
  RegList(std::span<const std::byte> cells, unsigned address_cells, unsigned size_cells)
      : cells_(cells), address_cells_(address_cells), size_cells_(size_cells) {}

  size_t pair_bytes() const { return (address_cells_ + size_cells_) * sizeof(uint32_t); }

  std::span<const std::byte> cells_;
  unsigned address_cells_;
  unsigned size_cells_;
};

}  // namespace arch::arm
