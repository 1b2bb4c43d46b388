// What a page table should hold, as a plain map of stretches. For tests.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "kernel/mm/address.h"
#include "kernel/mm/attributes.h"
#include "kernel/mm/mapping.h"
#include "kernel/mm/page_table_fake_memory.h"
#include "kernel/mm/range.h"

namespace mm {

class PageTableModel {
 public:
  bool IsUnmapped(const VirtRange& range) const {
    const auto above = stretches_.upper_bound(range.last().value);
    return above == stretches_.begin() || std::prev(above)->second.last < range.base.value;
  }

  bool IsFullyMapped(const VirtRange& range) const {
    uint64_t next = range.base.value;
    for (;;) {
      const auto above = stretches_.upper_bound(next);
      if (above == stretches_.begin()) return false;
      const uint64_t last = std::prev(above)->second.last;
      if (last < next) return false;
      if (last >= range.last().value) return true;
      next = last + 1;
    }
  }

  void Map(const VirtRange& range, PhysAddr pa, const PageAttributes& attributes) {
    stretches_[range.base.value] = {range.last().value, pa, attributes};
  }

  void Unmap(const VirtRange& range) {
    Cut(range);
    stretches_.erase(stretches_.lower_bound(range.base.value),
                     stretches_.upper_bound(range.last().value));
  }

  void Protect(const VirtRange& range, const PageAttributes& attributes) {
    Cut(range);
    for (auto it = stretches_.lower_bound(range.base.value);
         it != stretches_.end() && it->first <= range.last().value; ++it) {
      it->second.attributes = attributes;
    }
  }

  std::optional<Translation> Find(VirtAddr va) const {
    const auto above = stretches_.upper_bound(va.value);
    if (above == stretches_.begin()) return std::nullopt;
    const auto& [first, stretch] = *std::prev(above);
    if (stretch.last < va.value) return std::nullopt;
    return Translation{stretch.pa + (va.value - first), stretch.attributes};
  }

  // Ascending, neighbours that continue each other merged.
  std::vector<Mapping> Merged() const {
    std::vector<Mapping> merged;
    for (const auto& [first, stretch] : stretches_) {
      Append(merged, {FromFirstToLast(VirtAddr{first}, VirtAddr{stretch.last}), stretch.pa,
                      stretch.attributes});
    }
    return merged;
  }

  // Adds to a list of Merged()'s form.
  static void Append(std::vector<Mapping>& list, Mapping mapping) {
    mapping.page_bytes = 0;  // how it is made up does not count
    if (!list.empty()) {
      Mapping& previous = list.back();
      if (IsFollowedBy(previous.range, mapping.range) &&
          previous.target.value + previous.range.size_bytes == mapping.target.value &&
          previous.attributes == mapping.attributes) {
        previous.range.size_bytes += mapping.range.size_bytes;
        return;
      }
    }
    list.push_back(mapping);
  }

 private:
  struct Stretch {
    uint64_t last;
    PhysAddr pa;
    PageAttributes attributes;
  };

  // Makes the ends of `range` ends of stretches.
  void Cut(const VirtRange& range) {
    CutBefore(range.base.value);
    if (range.last().value != UINT64_MAX) CutBefore(range.last().value + 1);
  }

  void CutBefore(uint64_t va) {
    const auto above = stretches_.lower_bound(va);
    if (above == stretches_.begin()) return;
    auto& [first, stretch] = *std::prev(above);
    if (stretch.last < va) return;
    stretches_[va] = {stretch.last, stretch.pa + (va - first), stretch.attributes};
    stretch.last = va - 1;
  }

  std::map<uint64_t, Stretch> stretches_;  // by first byte
};

}  // namespace mm
