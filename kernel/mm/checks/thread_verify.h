// Proof that two page tables are those of threads of one process: they translate every page alike,
// but what is each thread's own. It reads what the processor walks, and knows nothing of how the
// tables came to be.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"

namespace mm {

// The first page of `one`, in ascending order and outside `own`, that `other` has not, or not so.
// O(pages * depth).
template <class Table>
[[nodiscard]] std::optional<VirtAddr> ScanForPageWithout(const Table& one, const Table& other,
                                                         std::span<const VirtRange> own) {
  std::optional<VirtAddr> found;
  one.ForEachMapping([&](const Mapping& mapping) {
    for (uint64_t at = 0; !found && at < mapping.range.size_bytes; at += mapping.page_bytes) {
      const VirtAddr page = mapping.range.base + at;
      const bool is_own =
          std::ranges::any_of(own, [page](const VirtRange& range) { return range.Contains(page); });
      if (!is_own && one.Query(page) != other.Query(page)) found = page;
    }
  });
  return found;
}

// A page outside `own` that the two do not show alike; nothing, when they are threads' of one
// process.
template <class Table>
[[nodiscard]] std::optional<VirtAddr> ScanForOtherPage(const Table& one, const Table& other,
                                                       std::span<const VirtRange> own) {
  if (const auto found = ScanForPageWithout(one, other, own)) return found;
  return ScanForPageWithout(other, one, own);
}

}  // namespace mm
