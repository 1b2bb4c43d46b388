// Which addresses a program may name to the kernel: every one in a region that the layout opens to
// user mode. What is mapped there is another question, which the copy itself answers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"

namespace kernel {

// The user's regions, neighbours joined, ascending.
class UserRanges {
 public:
  static constexpr size_t kMaximum = 4;

  // None.
  constexpr UserRanges() = default;
  // CHECKed: there are no more than kMaximum. Constant, where the layout is.
  constexpr explicit UserRanges(const mm::Layout& layout) {
    for (const mm::Region& region : layout.regions) {
      const bool is_open = region.user != mm::Access::kNone && !IsKernelService(region.service);
      if (is_open) Add(region.range);
    }
  }

  // Whether a program may name all of `range`, which may wrap. An empty range has no address that
  // could be wrong.
  [[nodiscard]] constexpr bool Contain(const mm::VirtRange& range) const {
    if (range.IsEmpty()) return true;
    for (size_t index = 0; index < count_; ++index) {
      const mm::VirtRange& open = ranges_.data()[index];
      // Not range.last(): it has none when it wraps.
      const uint64_t offset = range.base.value - open.base.value;
      if (range.base >= open.base && offset < open.size_bytes) {
        return range.size_bytes <= open.size_bytes - offset;
      }
    }
    return false;
  }

 private:
  constexpr void Add(const mm::VirtRange& range) {
    if (count_ > 0 && mm::IsFollowedBy(ranges_[count_ - 1], range)) {
      ranges_[count_ - 1] = mm::FromFirstToLast(ranges_[count_ - 1].base, range.last());
      return;
    }
    CHECK(count_ < kMaximum);
    ranges_[count_++] = range;
  }

  std::array<mm::VirtRange, kMaximum> ranges_{};
  size_t count_ = 0;
};

namespace internal {
// Of the layout that runs.
inline constinit UserRanges user_ranges;
}  // namespace internal

// Called once, before the first program.
inline void UseUserRanges(const mm::Layout& layout) { internal::user_ranges = UserRanges(layout); }

// UserRanges::Contain() of the running layout; nothing but the empty range before UseUserRanges().
[[nodiscard]] inline bool IsUserRange(const mm::VirtRange& range) {
  return internal::user_ranges.Contain(range);
}

}  // namespace kernel
