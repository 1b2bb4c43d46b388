// As many ranges as no kernel has: trees of three levels, and a million ranges.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <expected>
#include <iterator>
#include <map>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/range_allocator.h"

namespace mm {
namespace {

constexpr uint64_t kGranule = 16;

// Thousands of pages, until no more are to be had.
class HostPages final : public PageSource {
 public:
  ~HostPages() { CHECK(in_use_ == 0); }

  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override {
    void* const pages =
        ends_ ? nullptr : std::aligned_alloc(kPageSize << order, kPageSize << order);
    if (pages == nullptr) return std::unexpected(base::Error::kOutOfMemory);
    ++in_use_;
    return pages;
  }
  void FreePages(void* pages, unsigned) override {
    --in_use_;
    std::free(pages);
  }

  void End() { ends_ = true; }
  [[nodiscard]] size_t in_use() const { return in_use_; }

 private:
  size_t in_use_ = 0;
  bool ends_ = false;
};

// A free range that a Free() gave back, as a plain map would join it.
class FreeRanges {
 public:
  explicit FreeRanges(const VirtRange& space) { ranges_[space.base.value] = space.size_bytes; }

  void Take(const VirtRange& range) {
    const auto found = std::prev(ranges_.upper_bound(range.base.value));
    const auto [base, size] = *found;
    ranges_.erase(found);
    if (range.base.value > base) ranges_[base] = range.base.value - base;
    const uint64_t after = base + size - (range.base.value + range.size_bytes);
    if (after > 0) ranges_[range.base.value + range.size_bytes] = after;
  }
  void Give(const VirtRange& range) {
    const auto here = ranges_.emplace(range.base.value, range.size_bytes).first;
    const auto next = std::next(here);
    if (next != ranges_.end() && here->first + here->second == next->first) {
      here->second += next->second;
      ranges_.erase(next);
    }
    if (here == ranges_.begin()) return;
    const auto before = std::prev(here);
    if (before->first + before->second != here->first) return;
    before->second += here->second;
    ranges_.erase(here);
  }
  [[nodiscard]] size_t count() const { return ranges_.size(); }

 private:
  std::map<uint64_t, uint64_t> ranges_;
};

TEST(RangeAllocatorLarge, DeepTreesGrowAndShrink) {
  constexpr uint64_t kSeed = 20261120;
  constexpr size_t kRanges = 20'000;
  constexpr VirtRange kSpace{{0}, 4 * kRanges * kGranule};
  HostPages pages;
  std::mt19937_64 random(kSeed);
  {
    RangeAllocator allocator(pages, kGranule);
    ASSERT_TRUE(allocator.Start(kSpace).has_value());
    FreeRanges model(kSpace);
    std::vector<VirtRange> taken;
    // Every second granule, in random order: the most free ranges there can be.
    for (uint64_t i = 0; i < kRanges; ++i) taken.push_back({{2 * i * kGranule}, kGranule});
    std::ranges::shuffle(taken, random);
    for (const VirtRange& range : taken) {
      ASSERT_TRUE(allocator.AllocateAt(range).has_value());
      model.Take(range);
    }
    EXPECT_EQ(allocator.statistics().free_ranges, model.count());
    ASSERT_TRUE(allocator.CheckInvariants().has_value()) << "seed " << kSeed;
    // Half of them are replaced by larger ones, which lie above; then all goes, in another order.
    for (size_t i = 0; i < kRanges / 2; ++i) {
      ASSERT_TRUE(allocator.Free(taken[i]).has_value());
      model.Give(taken[i]);
      const auto range = allocator.Allocate((2 + random() % 4) * kGranule);
      ASSERT_TRUE(range.has_value());
      model.Take(*range);
      taken[i] = *range;
    }
    EXPECT_EQ(allocator.statistics().free_ranges, model.count());
    ASSERT_TRUE(allocator.CheckInvariants().has_value()) << "seed " << kSeed;
    std::ranges::shuffle(taken, random);
    pages.End();
    for (size_t i = 0; i < taken.size(); ++i) {
      ASSERT_TRUE(allocator.Free(taken[i]).has_value());
      model.Give(taken[i]);
      if (i % 5'000 != 0) continue;
      EXPECT_EQ(allocator.statistics().free_ranges, model.count());
      ASSERT_TRUE(allocator.CheckInvariants().has_value()) << "seed " << kSeed << ", " << i;
    }
    EXPECT_EQ(allocator.statistics().largest_free_bytes, kSpace.size_bytes);
    EXPECT_LE(pages.in_use(), 8U) << "memory comes back as ranges do";
  }
  EXPECT_EQ(pages.in_use(), 0U);
}

TEST(RangeAllocatorLarge, AMillionRangesWork) {
  constexpr uint64_t kRanges = 1'000'000;
  // The last bytes of all addresses.
  constexpr VirtRange kSpace{{uint64_t{0} - kRanges * kGranule}, kRanges * kGranule};
  const auto at = [&](uint64_t i) { return VirtRange{kSpace.base + i * kGranule, kGranule}; };
  HostPages pages;
  RangeAllocator allocator(pages, kGranule);
  ASSERT_TRUE(allocator.Start(kSpace).has_value());
  for (uint64_t i = 0; i < kRanges; ++i) {
    ASSERT_TRUE(allocator.Allocate(kGranule) == at(i)) << i;
  }
  EXPECT_EQ(allocator.statistics().free_bytes, 0U);
  EXPECT_FALSE(allocator.Allocate(kGranule).has_value());
  // Some of them come back, without any memory; the others go with the allocator.
  constexpr uint64_t kStep = 32;
  pages.End();
  for (uint64_t i = 0; i < kRanges; i += kStep) ASSERT_TRUE(allocator.Free(at(i)).has_value()) << i;
  EXPECT_EQ(allocator.statistics().allocated_ranges, kRanges - kRanges / kStep);
  EXPECT_EQ(allocator.statistics().free_ranges, kRanges / kStep);
  EXPECT_EQ(allocator.statistics().largest_free_bytes, kGranule);
  EXPECT_TRUE(allocator.FindAllocated(at(kRanges - 1).base) == at(kRanges - 1));
  EXPECT_TRUE(allocator.CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
