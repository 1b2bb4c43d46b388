// Tags for the translations of address spaces in a TLB, fewer than there are spaces: a space has
// one for a generation, and when all of a generation are given, the next one begins with a TLB that
// remembers no space. A space that ends gives nothing back: its tag is not used again before that.
//
// Not locked: for one processor, and whoever switches it.
#pragma once

#include <cstdint>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/tables/tlb_work.h"

namespace mm {

// What a space knows of its tag.
struct SpaceAsid {
  Asid asid;                // kNoAsid or one of an earlier generation: nothing of it is remembered
  uint64_t generation = 0;  // 0: none yet

  friend constexpr bool operator==(const SpaceAsid&, const SpaceAsid&) = default;
};

// Of no space: in force while a processor changes from one to another, or runs the kernel alone.
inline constexpr Asid kNoAsid{0};

// Whether the processor has to forget all spaces' translations: after it has stopped to tag what it
// walks with the tag of the space before, and before it uses the new one's.
enum class AsidRollover : bool { kNo, kYes };

class AsidAllocator {
 public:
  // Tags of `bits` bits, 0 excepted: at least 1 bit.
  explicit AsidAllocator(unsigned bits) : last_(static_cast<uint16_t>(base::LowBits(bits))) {
    CHECK(1 <= bits && bits < 16);
  }

  // Gives a space that is to run a tag, if it has none of this generation. O(1).
  [[nodiscard]] AsidRollover Renew(SpaceAsid& space) {
    if (space.generation == generation_) return AsidRollover::kNo;
    AsidRollover rollover = AsidRollover::kNo;
    if (given_ == last_) {
      given_ = 0;
      ++generation_;
      rollover = AsidRollover::kYes;
    }
    space = {.asid = {++given_}, .generation = generation_};
    return rollover;
  }

  // Whether a TLB may remember something of the space.
  [[nodiscard]] bool IsCurrent(const SpaceAsid& space) const {
    return space.generation == generation_;
  }

 private:
  uint16_t last_;
  uint16_t given_ = 0;
  uint64_t generation_ = 1;
};

}  // namespace mm
