// What a page table should hold, as a plain map of stretches. For tests.
#pragma once

#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <vector>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table_fake_memory.h"

namespace mm {

class PageTableModel {
 public:
  bool IsUnmapped(const VirtRange& range) const { return MappedBytesIn(range) == 0; }
  bool IsFullyMapped(const VirtRange& range) const {
    return MappedBytesIn(range) == range.size_bytes;
  }

  void Map(const VirtRange& range, PhysAddr pa, const PageAttributes& attributes) {
    Clear(range);
    stretches_[range.base.value] = {.last = range.last().value, .pa = pa, .attributes = attributes};
  }

  // Of pages and marks.
  void Clear(const VirtRange& range) {
    Cut(range);
    stretches_.erase(stretches_.lower_bound(range.base.value),
                     stretches_.upper_bound(range.last().value));
  }

  // The range is not mapped.
  void Mark(const VirtRange& range, uint64_t mark) {
    Clear(range);
    if (mark != 0) stretches_[range.base.value] = {.last = range.last().value, .mark = mark};
  }

  void Protect(const VirtRange& range, const PageAttributes& attributes) {
    ForEachIn(range, [&](Stretch& stretch) { stretch.attributes = attributes; });
  }

  void SetSpare(const VirtRange& range, uint64_t spare) {
    ForEachIn(range, [&](Stretch& stretch) { stretch.spare = spare; });
  }

  std::optional<Translation> Find(VirtAddr va) const {
    const auto found = StretchAt(va.value);
    if (found == stretches_.end() || found->second.mark != 0) return std::nullopt;
    const Stretch& stretch = found->second;
    return Translation{stretch.pa + (va.value - found->first), stretch.attributes, stretch.spare};
  }

  uint64_t MarkAt(VirtAddr va) const {
    const auto found = StretchAt(va.value);
    return found == stretches_.end() ? 0 : found->second.mark;
  }

  // Everything that is mapped, ascending, neighbours that continue each other merged.
  std::vector<Mapping> Merged() const {
    std::vector<Mapping> merged;
    for (const auto& [first, stretch] : stretches_) {
      if (stretch.mark != 0) continue;
      Append(merged, {.range = FromFirstToLast(VirtAddr{first}, VirtAddr{stretch.last}),
                      .target = stretch.pa,
                      .attributes = stretch.attributes,
                      .spare = stretch.spare});
    }
    return merged;
  }

  // All that has marks, cut as it may be.
  std::vector<VirtRange> Marked() const {
    std::vector<VirtRange> marked;
    for (const auto& [first, stretch] : stretches_) {
      if (stretch.mark == 0) continue;
      marked.push_back(FromFirstToLast(VirtAddr{first}, VirtAddr{stretch.last}));
    }
    return marked;
  }

  // Adds to a list of Merged()'s form.
  static void Append(std::vector<Mapping>& list, Mapping mapping) {
    mapping.page_bytes = 0;  // how it is made up does not count
    if (!list.empty()) {
      Mapping& previous = list.back();
      if (IsFollowedBy(previous.range, mapping.range) &&
          previous.target.value + previous.range.size_bytes == mapping.target.value &&
          previous.attributes == mapping.attributes && previous.spare == mapping.spare) {
        previous.range.size_bytes += mapping.range.size_bytes;
        return;
      }
    }
    list.push_back(mapping);
  }

 private:
  struct Stretch {
    uint64_t last = 0;
    PhysAddr pa = {};
    PageAttributes attributes = {};
    uint64_t spare = 0;
    uint64_t mark = 0;  // not 0: not mapped
  };
  using Stretches = std::map<uint64_t, Stretch>;  // by first byte

  Stretches::const_iterator StretchAt(uint64_t va) const {
    const auto above = stretches_.upper_bound(va);
    if (above == stretches_.begin()) return stretches_.end();
    const auto found = std::prev(above);
    return found->second.last < va ? stretches_.end() : found;
  }

  uint64_t MappedBytesIn(const VirtRange& range) const {
    uint64_t bytes = 0;
    auto at = stretches_.upper_bound(range.base.value);
    if (at != stretches_.begin()) --at;
    for (; at != stretches_.end() && at->first <= range.last().value; ++at) {
      const auto& [first, stretch] = *at;
      if (stretch.mark != 0) continue;
      bytes +=
          Intersection(range, FromFirstToLast(VirtAddr{first}, VirtAddr{stretch.last})).size_bytes;
    }
    return bytes;
  }

  template <class Use>
  void ForEachIn(const VirtRange& range, Use&& use) {
    Cut(range);
    for (auto it = stretches_.lower_bound(range.base.value);
         it != stretches_.end() && it->first <= range.last().value; ++it) {
      use(it->second);
    }
  }

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
    Stretch rest = stretch;
    rest.pa = stretch.pa + (va - first);
    stretch.last = va - 1;
    stretches_[va] = rest;
  }

  Stretches stretches_;
};

}  // namespace mm
