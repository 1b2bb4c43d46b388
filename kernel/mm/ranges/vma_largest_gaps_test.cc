// LargestGaps beside a plain array of gaps, which goes through the same changes.
#include "kernel/mm/ranges/vma_largest_gaps.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr unsigned kMost = 12;

class Gaps {
 public:
  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] uint32_t pages(unsigned slot) const { return pages_[slot]; }

  void Change(unsigned slot, uint32_t pages) {
    pages_[slot] = pages;
    known_.Change(slot, count_, PagesOf());
  }
  void Add(unsigned slot, uint32_t pages) {
    std::copy_backward(&pages_[slot], &pages_[count_], &pages_[count_ + 1]);
    ++count_;
    pages_[slot] = pages;
    known_.MakeRoom(slot);
    known_.Change(slot, count_, PagesOf());
  }
  void Join(unsigned slot) {
    pages_[slot - 1] += pages_[slot];
    std::copy(&pages_[slot + 1], &pages_[count_], &pages_[slot]);
    --count_;
    known_.Join(slot);
    known_.Change(slot - 1, count_, PagesOf());
  }
  void Scan() { known_.Scan(count_, PagesOf()); }

  [[nodiscard]] bool IsRight() const { return known_.IsRight(count_, PagesOf()); }
  [[nodiscard]] const LargestGaps<uint32_t>& known() const { return known_; }
  // Whether the gaps of that many pages, when they are few, are the ones that it says.
  [[nodiscard]] bool AgreesOn(uint32_t pages) const {
    if (!known_.AreFew(pages) || pages_[known_.largest()] < pages) return true;
    const auto [lower, upper] = known_.FewSlots(pages, PagesOf());
    for (unsigned slot = 0; slot < count_; ++slot) {
      if ((pages_[slot] >= pages) != (slot == lower || slot == upper)) return false;
    }
    return lower <= upper;
  }

 private:
  struct Reader {
    const uint32_t* pages;
    uint32_t operator()(unsigned slot) const { return pages[slot]; }
  };
  [[nodiscard]] Reader PagesOf() const { return {pages_.data()}; }

  std::array<uint32_t, kMost + 1> pages_ = {};
  unsigned count_ = 1;
  LargestGaps<uint32_t> known_;
};

TEST(LargestGaps, ScanFindsTheTwoLargest) {
  struct Row {
    const char* name;
    std::array<uint32_t, 5> pages;
    uint32_t wanted;
    unsigned lower;
    unsigned upper;
  };
  constexpr Row kRows[] = {
      {"one is large enough", {1, 9, 3, 2, 4}, 5, 1, 1}, {"upwards", {1, 2, 3, 4, 5}, 4, 3, 4},
      {"downwards", {5, 4, 3, 2, 1}, 4, 0, 1},           {"at the ends", {7, 1, 1, 1, 8}, 2, 0, 4},
      {"two alike", {3, 6, 3, 6, 3}, 4, 1, 3},
  };
  for (const Row& row : kRows) {
    Gaps gaps;
    gaps.Change(0, row.pages[0]);
    for (unsigned slot = 1; slot < row.pages.size(); ++slot) gaps.Add(slot, row.pages[slot]);
    gaps.Scan();
    EXPECT_TRUE(gaps.IsRight()) << row.name;
    EXPECT_TRUE(gaps.known().AreFew(row.wanted)) << row.name;
    const auto pages_of = [&row](unsigned slot) { return row.pages[slot]; };
    const auto [lower, upper] = gaps.known().FewSlots(row.wanted, pages_of);
    EXPECT_EQ(lower, row.lower) << row.name;
    EXPECT_EQ(upper, row.upper) << row.name;
  }
}

TEST(LargestGaps, StaysRightThroughChanges) {
  uint32_t state = 1;
  const auto below = [&state](uint32_t bound) {
    state = state * 1664525 + 1013904223;  // Knuth, TAOCP vol. 2, 3.3.4
    return (state >> 16) % bound;
  };
  constexpr unsigned kSteps = 20'000;
  constexpr uint32_t kLargest = 9;
  Gaps gaps;
  for (unsigned step = 0; step < kSteps; ++step) {
    const unsigned slot = below(gaps.count());
    const unsigned what = below(4);
    if (what == 0 && gaps.count() < kMost) {
      gaps.Add(below(gaps.count() + 1), below(kLargest));
    } else if (what == 1 && slot != 0) {
      gaps.Join(slot);
    } else {
      gaps.Change(slot, below(kLargest));
    }
    ASSERT_TRUE(gaps.IsRight()) << step;
    for (uint32_t pages = 1; pages < 2 * kLargest; ++pages) {
      ASSERT_TRUE(gaps.AgreesOn(pages)) << step;
    }
  }
}

}  // namespace
}  // namespace mm
