// Cutting ranges of virtual addresses along the entries of a page table. Part of page_table.h.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/bits.h"
#include "kernel/mm/address.h"
#include "kernel/mm/paging_policy.h"
#include "kernel/mm/range.h"

namespace mm::page_table_internal {

// The block of 2^shift bytes that holds `va`.
constexpr VirtRange BlockOf(VirtAddr va, unsigned shift) {
  return {AlignDown(va, base::Bit(shift)), base::Bit(shift)};
}

constexpr uint64_t IndexOf(VirtAddr va, const LevelShape& shape, unsigned index_bits) {
  return (va.value >> shape.shift) & base::LowBits(index_bits);
}

// All addresses that a root with `address_bits` translates, ascending: one part or two.
constexpr std::array<VirtRange, 2> TranslatedParts(unsigned address_bits,
                                                   AddressExtension extension) {
  if (extension == AddressExtension::kZero) {
    return {VirtRange{{0}, base::Bit(address_bits)}, VirtRange{}};
  }
  const uint64_t half_bytes = base::Bit(address_bits - 1);
  return {VirtRange{{0}, half_bytes}, VirtRange{{~(half_bytes - 1)}, half_bytes}};
}

}  // namespace mm::page_table_internal
