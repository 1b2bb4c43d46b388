#include "kernel/sync/spin_lock.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace {

struct Counter {
  locking::SpinLock lock;
  uint64_t value GUARDED_BY(lock) = 0;
};

uint64_t Increment(Counter& counter) {
  const locking::SpinLockHolder holder(counter.lock);
  return ++counter.value;
}

TEST(SpinLock, CanBeTakenAgainOnceGiven) {
  Counter counter;
  EXPECT_EQ(Increment(counter), 1u);
  EXPECT_EQ(Increment(counter), 2u);
}

TEST(SpinLock, LocksNest) {
  Counter outer;
  Counter inner;
  const locking::SpinLockHolder holder(outer.lock);
  outer.value = Increment(inner);
  EXPECT_EQ(outer.value, 1u);
}

TEST(CpuPin, NamesAProcessorThereIsRoomFor) {
  const locking::CpuPin pin;
  EXPECT_LT(pin.index(), locking::kMaxCpus);
}

}  // namespace
