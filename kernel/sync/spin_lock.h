// A lock for short critical sections: the holder stays on its processor, uninterrupted.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/sync/cpu.h"
#include "kernel/sync/thread_annotations.h"

namespace locking {

// Not recursive: taking it again on the same processor fails a CHECK instead of hanging. Taken
// through SpinLockHolder only.
class CAPABILITY("spin lock") SpinLock {
 public:
  constexpr SpinLock() = default;
  SpinLock(const SpinLock&) = delete;
  SpinLock& operator=(const SpinLock&) = delete;

  // `pin` must live until Release().
  void Acquire(const CpuPin& pin) ACQUIRE() {
    const uint32_t mine = pin.holder();
    uint32_t holder = kFree;
    while (!holder_.compare_exchange_weak(holder, mine, std::memory_order_acquire,
                                          std::memory_order_relaxed)) {
      CHECK(holder != mine);
      holder = kFree;
      Relax();
    }
  }

  void Release() RELEASE() { holder_.store(kFree, std::memory_order_release); }

 private:
  static constexpr uint32_t kFree = 0;

  std::atomic<uint32_t> holder_ = kFree;  // or CpuPin::holder() of who has it
};

// Holds a lock, and keeps its processor, while it lives.
class SCOPED_CAPABILITY SpinLockHolder {
 public:
  explicit SpinLockHolder(SpinLock& lock) ACQUIRE(lock) : lock_(lock) { lock_.Acquire(pin_); }
  ~SpinLockHolder() RELEASE() { lock_.Release(); }
  SpinLockHolder(const SpinLockHolder&) = delete;
  SpinLockHolder& operator=(const SpinLockHolder&) = delete;

  [[nodiscard]] const CpuPin& pin() const { return pin_; }

 private:
  CpuPin pin_;
  SpinLock& lock_;
};

}  // namespace locking
