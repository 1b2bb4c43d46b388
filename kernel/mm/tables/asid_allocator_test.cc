// Tags of address spaces over many lifetimes, with a processor that may remember whatever it can
// see at any step of a switch.
#include "kernel/mm/tables/asid_allocator.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace mm {
namespace {

using SpaceNumber = uint32_t;
constexpr SpaceNumber kNobody = 0;

// What a processor does when all spaces are to be forgotten.
enum class OnRollover : bool { kForget, kKeep };

// A TLB of one page: whose translation it has, for each tag. It walks ahead of what is executed.
class Processor {
 public:
  explicit Processor(OnRollover on_rollover = OnRollover::kForget) : on_rollover_(on_rollover) {}

  // As an architecture switches: another tag may not meet the old table, nor the old tag the new
  // one.
  void Switch(SpaceNumber space, Asid asid, AsidRollover rollover) {
    asid_ = kNoAsid;
    WalkAhead();
    const bool forgets = rollover == AsidRollover::kYes && on_rollover_ == OnRollover::kForget;
    if (forgets) cached_.fill(kNobody);
    WalkAhead();
    table_ = space;
    WalkAhead();
    asid_ = asid;
  }

  // Whose page the running space reaches.
  SpaceNumber Access() {
    WalkAhead();
    return cached_[asid_.value];
  }

 private:
  void WalkAhead() {
    if (cached_[asid_.value] == kNobody) cached_[asid_.value] = table_;
  }

  OnRollover on_rollover_;
  std::array<SpaceNumber, 256> cached_{};
  SpaceNumber table_ = kNobody;
  Asid asid_ = kNoAsid;
};

struct Row {
  std::string_view name;
  unsigned bits;
  size_t live;       // spaces at a time
  uint32_t new_one;  // of so many switches one goes to a new space, in place of an old one
};

constexpr Row kRows[] = {
    {"a few spaces, short lives", 8, 3, 1},
    {"as many as there are tags", 8, 255, 2},
    {"one more than there are tags", 8, 256, 2},
    {"many more", 8, 1000, 1},
    {"one tag", 1, 2, 3},
    {"long lives", 8, 40, 100},
};

constexpr uint32_t kLifetimes = 1 << 17;
constexpr size_t kMostLive = 1000;

struct Space {
  SpaceNumber number = kNobody;
  SpaceAsid asid;
};
std::array<Space, kMostLive> g_spaces;

TEST(AsidAllocator, NeverMeetsWhatAnotherSpaceLeft) {
  for (const Row& row : kRows) {
    AsidAllocator allocator(row.bits);
    Processor processor;
    g_spaces.fill({});
    uint32_t random = 1;
    SpaceNumber lifetimes = 0;
    const uint32_t switches = row.new_one > 1 ? kLifetimes * 2 : kLifetimes;
    for (uint32_t i = 0; i < switches; ++i) {
      random = random * 1664525 + 1013904223;  // Knuth's linear congruential generator
      Space& space = g_spaces[(random >> 8) % row.live];
      if (space.number == kNobody || i % row.new_one == 0) space = {++lifetimes, {}};
      const AsidRollover rollover = allocator.Renew(space.asid);
      ASSERT_NE(space.asid.asid.value, kNoAsid.value);
      ASSERT_LE(space.asid.asid.value, (1u << row.bits) - 1);
      ASSERT_TRUE(allocator.IsCurrent(space.asid));
      processor.Switch(space.number, space.asid.asid, rollover);
      ASSERT_EQ(processor.Access(), space.number) << row.name << " " << i;
      if (i % 1024 == 0) {
        for (size_t other = 0; other < row.live; ++other) {
          const Space& one = g_spaces[other];
          if (&one == &space || !allocator.IsCurrent(one.asid)) continue;
          ASSERT_NE(one.asid.asid.value, space.asid.asid.value) << row.name << " " << i;
        }
      }
    }
    if (row.new_one == 1) EXPECT_GE(lifetimes, 1u << 16) << row.name;
  }
}

// A processor that forgets nothing meets what others left from the second generation on: the test
// above would see it.
TEST(AsidAllocator, ARolloverWithoutAFlushIsSeen) {
  constexpr unsigned kBits = 8;
  constexpr uint32_t kTags = (1 << kBits) - 1;
  AsidAllocator allocator(kBits);
  Processor processor(OnRollover::kKeep);
  uint32_t stale = 0;
  for (SpaceNumber number = 1; number <= 2 * kTags; ++number) {
    SpaceAsid asid;
    const AsidRollover rollover = allocator.Renew(asid);
    processor.Switch(number, asid.asid, rollover);
    if (processor.Access() != number) ++stale;
  }
  EXPECT_EQ(stale, kTags);
}

TEST(AsidAllocator, KeepsATagForAGeneration) {
  AsidAllocator allocator(2);
  SpaceAsid one;
  SpaceAsid other;
  EXPECT_FALSE(allocator.IsCurrent(one));
  EXPECT_TRUE(allocator.Renew(one) == AsidRollover::kNo);
  EXPECT_TRUE(allocator.Renew(other) == AsidRollover::kNo);
  const SpaceAsid kept = one;
  EXPECT_TRUE(allocator.Renew(one) == AsidRollover::kNo);
  EXPECT_TRUE(one == kept);
  SpaceAsid third;
  EXPECT_TRUE(allocator.Renew(third) == AsidRollover::kNo);
  SpaceAsid fourth;
  EXPECT_TRUE(allocator.Renew(fourth) == AsidRollover::kYes);
  EXPECT_FALSE(allocator.IsCurrent(one));
  EXPECT_TRUE(allocator.IsCurrent(fourth));
  EXPECT_TRUE(allocator.Renew(one) == AsidRollover::kNo);
  EXPECT_NE(one.asid.value, fourth.asid.value);
}

}  // namespace
}  // namespace mm
