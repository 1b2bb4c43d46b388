// Random requests against a model, with a seed that is printed when they differ.
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/ranges/range_allocator.h"
#include "kernel/mm/ranges/range_allocator_model.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr size_t kGranules = 768;
constexpr uint64_t kGranule = 4096;

TestArena<24> arena;

// Marsaglia, "Xorshift RNGs", Journal of Statistical Software 8 (14), 2003.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}
  // Below `limit`.
  uint64_t Next(uint64_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return (state_ >> 16) % limit;
  }

 private:
  uint64_t state_;
};

// One space, its model, and requests with so many in ten for memory.
class Differential {
 public:
  Differential(uint64_t seed, VirtAddr base, TestPages& pages)
      : random_(seed), model_(base, kGranule), allocator_(pages, kGranule) {}

  bool Start() { return allocator_.Start(model_.space()).has_value(); }

  // Whether allocator and model did the same.
  bool Step(uint64_t allocations_in_ten) {
    if (random_.Next(10) >= allocations_in_ten) return Free();
    return random_.Next(4) == 0 ? AllocateAt() : Allocate();
  }

  [[nodiscard]] bool Agrees() const {
    return allocator_.CheckInvariants().has_value() && model_.Shows(allocator_);
  }

 private:
  using Run = RangeAllocatorModel<kGranules>::Run;

  Run AnyRun(uint64_t most) {
    const size_t count = static_cast<size_t>(1 + random_.Next(most));
    return {static_cast<size_t>(random_.Next(kGranules - count + 1)), count};
  }

  bool Allocate() {
    const size_t count = static_cast<size_t>(1 + random_.Next(random_.Next(8) == 0 ? 100 : 6));
    const uint64_t alignment = random_.Next(2) == 0 ? kGranule : kGranule << random_.Next(6);
    const auto expected = model_.Place(count, alignment);
    const auto range = alignment == kGranule
                           ? allocator_.Allocate(count * kGranule)
                           : allocator_.AllocateAligned(count * kGranule, alignment);
    if (range.has_value() != expected.has_value()) return false;
    if (!expected) return range.error() == base::Error::kOutOfMemory;
    model_.Take(*expected);
    return *range == model_.RangeOf(*expected);
  }

  bool AllocateAt() {
    const Run run = AnyRun(8);
    const bool is_free = model_.IsFree(run);
    if (is_free) model_.Take(run);
    return allocator_.AllocateAt(model_.RangeOf(run)).has_value() == is_free;
  }

  // Mostly what is there, but also what never was.
  bool Free() {
    Run run = AnyRun(8);
    if (random_.Next(4) != 0) run = model_.AllocatedAt(run.first).value_or(run);
    const auto expected = model_.Free(run);
    const auto freed = allocator_.Free(model_.RangeOf(run));
    if (freed.has_value()) return !expected.has_value();
    return expected == freed.error();
  }

  Random random_;
  RangeAllocatorModel<kGranules> model_;
  RangeAllocator allocator_;
};

TEST(RangeAllocatorRandom, AgreesWithTheModel) {
  constexpr uint64_t kSeeds = 8;
  constexpr unsigned kSteps = 1000;
  // Growing, steady, shrinking, full.
  constexpr std::array<uint64_t, 4> kPhases = {8, 5, 2, 9};
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const uint64_t top = seed % 2 == 0 ? 0 : uint64_t{1} << 32;  // 2^64 or 2^32
    TestPages pages(arena.bytes);
    Differential differential(seed, VirtAddr{top - kGranules * kGranule}, pages);
    ASSERT_TRUE(differential.Start());
    for (unsigned step = 0; step < kSteps; ++step) {
      ASSERT_TRUE(differential.Step(kPhases[step * kPhases.size() / kSteps]))
          << "seed " << seed << ", step " << step;
      if (step % 8 != 0) continue;
      ASSERT_TRUE(differential.Agrees()) << "seed " << seed << ", step " << step;
    }
  }
}

}  // namespace
}  // namespace mm
