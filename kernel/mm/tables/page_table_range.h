// Cutting ranges of virtual addresses along the entries of a page table. Part of page_table.h.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "kernel/base/bits.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"

namespace mm::page_table_internal {

// The block of 2^shift bytes that holds `va`.
constexpr VirtRange BlockOf(VirtAddr va, unsigned shift) {
  return {AlignDown(va, base::Bit(shift)), base::Bit(shift)};
}

constexpr uint64_t IndexOf(VirtAddr va, const LevelShape& shape, unsigned index_bits) {
  return (va.value >> shape.shift) & base::LowBits(index_bits);
}

// Calls `use(piece)` for each block of 2^shift bytes that `range`, not empty, touches, with what it
// touches of it, until one returns false.
template <class Use>
constexpr bool ForEachPiece(const VirtRange& range, unsigned shift, Use&& use) {
  const uint64_t offset_mask = base::LowBits(shift);
  const VirtAddr last = range.last();
  for (VirtAddr at = range.base;;) {
    const VirtAddr piece_last{std::min(at.value | offset_mask, last.value)};
    if (!use(VirtRange{at, piece_last.value - at.value + 1})) return false;
    if (piece_last == last) return true;
    at = piece_last + 1;
  }
}

// Whether a root with `address_bits` translates `va`.
constexpr bool IsTranslated(VirtAddr va, unsigned address_bits, AddressExtension extension) {
  if (extension == AddressExtension::kZero) return va.value >> address_bits == 0;
  const uint64_t above = va.value >> (address_bits - 1);
  return above == 0 || above == ~uint64_t{0} >> (address_bits - 1);
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
