#include "kernel/process/futex_table.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "gtest/gtest.h"
#include "kernel/sched/host/block.h"

namespace {

using process::FutexKey;
using process::FutexTable;
using process::FutexWaiter;

// Only their addresses count.
const std::array<int, 2> kSpaces = {};

FutexKey KeyAt(uint64_t offset) { return {.owner = &kSpaces[0], .offset = offset}; }

// Waiters at the keys given, in this order.
template <size_t kCount>
struct Fixture {
  explicit Fixture(const std::array<FutexKey, kCount>& keys,
                   const std::array<uint32_t, kCount>& bits) {
    for (size_t index = 0; index < kCount; ++index) {
      waiters[index].emplace(keys[index], bits[index]);
      table.Add(*waiters[index]);
    }
  }
  ~Fixture() { EXPECT_TRUE(table.CheckInvariants().has_value()); }

  [[nodiscard]] size_t Waiting() const {
    size_t waiting = 0;
    for (const auto& waiter : waiters) waiting += waiter->IsWaiting() ? 1 : 0;
    return waiting;
  }

  FutexTable table;
  std::array<std::optional<FutexWaiter>, kCount> waiters;
};

constexpr uint32_t kAny = FutexTable::kAnyBit;

TEST(FutexTable, WakesTheFirstOfTheWord) {
  Fixture<3> fixture({KeyAt(64), KeyAt(64), KeyAt(64)}, {kAny, kAny, kAny});
  const size_t before = sched::host::Wakes();
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 2), 2u);
  EXPECT_EQ(sched::host::Wakes() - before, 2u);
  EXPECT_FALSE(fixture.waiters[0]->IsWaiting());
  EXPECT_FALSE(fixture.waiters[1]->IsWaiting());
  EXPECT_TRUE(fixture.waiters[2]->IsWaiting());
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 0), 0u);
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 5), 1u);
}

TEST(FutexTable, OtherWordsAndOtherOwnersAreOthers) {
  Fixture<2> fixture({KeyAt(64), KeyAt(68)}, {kAny, kAny});
  EXPECT_EQ(fixture.table.Wake({.owner = &kSpaces[1], .offset = 64}, 9), 0u);
  EXPECT_EQ(fixture.table.Wake(KeyAt(72), 9), 0u);
  EXPECT_EQ(fixture.table.Wake(KeyAt(68), 9), 1u);
  EXPECT_TRUE(fixture.waiters[0]->IsWaiting());
}

TEST(FutexTable, BitsChoose) {
  Fixture<3> fixture({KeyAt(64), KeyAt(64), KeyAt(64)}, {1, 2, 3});
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 9, 4), 0u);
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 9, 2), 2u);
  EXPECT_TRUE(fixture.waiters[0]->IsWaiting());
}

TEST(FutexTable, MovedOnesWaitForTheOtherWord) {
  Fixture<3> fixture({KeyAt(64), KeyAt(64), KeyAt(64)}, {kAny, kAny, kAny});
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 1), 1u);
  EXPECT_EQ(fixture.table.Move(KeyAt(64), KeyAt(128), 9), 2u);
  EXPECT_TRUE(fixture.table.CheckInvariants().has_value());
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 9), 0u);
  EXPECT_EQ(fixture.Waiting(), 2u);
  EXPECT_EQ(fixture.table.Wake(KeyAt(128), 9), 2u);
}

TEST(FutexTable, MovingToTheSameWordMovesNothing) {
  Fixture<2> fixture({KeyAt(64), KeyAt(64)}, {kAny, kAny});
  EXPECT_EQ(fixture.table.Move(KeyAt(64), KeyAt(64), 9), 0u);
  EXPECT_EQ(fixture.Waiting(), 2u);
}

// Who gives up leaves nothing behind.
TEST(FutexTable, AWaiterThatEndsIsGone) {
  Fixture<2> fixture({KeyAt(64), KeyAt(64)}, {kAny, kAny});
  fixture.waiters[0].reset();
  EXPECT_TRUE(fixture.table.CheckInvariants().has_value());
  EXPECT_EQ(fixture.table.Wake(KeyAt(64), 9), 1u);
  fixture.waiters[0].emplace(KeyAt(64), kAny);
}

}  // namespace
