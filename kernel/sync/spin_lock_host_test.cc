// What only the host can show: real threads, and the death of a program.
#include <array>
#include <cstdint>
#include <thread>

#include "kernel/sync/spin_lock.h"
#include "testing/unit/test.h"

namespace {

constexpr uint64_t kRounds = 20'000;

struct Counter {
  locking::SpinLock lock;
  uint64_t value GUARDED_BY(lock) = 0;
};

TEST(SpinLock, ThreadsExcludeEachOther) {
  Counter counter;
  std::array<std::thread, 4> threads;
  for (unsigned i = 0; i < threads.size(); ++i) {
    threads[i] = std::thread([&counter, i] {
      const locking::ThreadAsCpu cpu(i);
      for (uint64_t round = 0; round < kRounds; ++round) {
        const locking::SpinLockHolder holder(counter.lock);
        ++counter.value;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  const locking::SpinLockHolder holder(counter.lock);
  EXPECT_EQ(counter.value, threads.size() * kRounds);
}

TEST(SpinLockDeathTest, TakingItTwiceOnOneProcessorIsABug) {
  locking::SpinLock lock;
  const auto take_twice = [&lock]() NO_THREAD_SAFETY_ANALYSIS {  // that is the bug
    const locking::SpinLockHolder first(lock);
    const locking::SpinLockHolder second(lock);
  };
  EXPECT_DEATH(take_twice(), "holder != mine");
}

}  // namespace
