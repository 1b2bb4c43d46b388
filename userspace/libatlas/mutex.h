// A lock that threads wait for asleep.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/sync/thread_annotations.h"

namespace libatlas {

// Not recursive. All zero while nobody holds it.
class CAPABILITY("mutex") Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void Acquire() ACQUIRE() {
    uint32_t state = kFree;
    if (!state_.compare_exchange_strong(state, kHeld, std::memory_order_acquire,
                                        std::memory_order_relaxed)) {
      Wait();
    }
  }
  void Release() RELEASE() {
    if (state_.exchange(kFree, std::memory_order_release) == kWaitedFor) Wake();
  }

 private:
  static constexpr uint32_t kFree = 0;
  static constexpr uint32_t kHeld = 1;
  static constexpr uint32_t kWaitedFor = 2;

  void Wait();
  void Wake();

  std::atomic<uint32_t> state_ = kFree;
};

class SCOPED_CAPABILITY MutexHolder {
 public:
  explicit MutexHolder(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.Acquire(); }
  ~MutexHolder() RELEASE() { mutex_.Release(); }
  MutexHolder(const MutexHolder&) = delete;
  MutexHolder& operator=(const MutexHolder&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace libatlas
