// Processors as the memory manager sees them, in a program: a thread is one. The main thread is
// processor 0; a test's other threads say which one they are. A program without anything of its
// own for each processor need not.
#pragma once

#include <sched.h>

#include <atomic>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/sync/cpu_count.h"

namespace locking {

namespace internal {
inline thread_local constinit unsigned cpu_of_thread = 0;

// Of this thread alone; 0 before it is asked for.
inline thread_local constinit uint32_t number_of_thread = 0;
inline constinit std::atomic<uint32_t> threads_numbered = 0;
}  // namespace internal

// Makes the calling thread processor `index` while it lives. Two threads must not be the same one.
class ThreadAsCpu {
 public:
  explicit ThreadAsCpu(unsigned index) : before_(internal::cpu_of_thread) {
    CHECK(index < kMaxCpus);
    internal::cpu_of_thread = index;
  }
  ~ThreadAsCpu() { internal::cpu_of_thread = before_; }
  ThreadAsCpu(const ThreadAsCpu&) = delete;
  ThreadAsCpu& operator=(const ThreadAsCpu&) = delete;

 private:
  unsigned before_;
};

// While it lives, the code runs on one processor and nothing else runs on it.
class CpuPin {
 public:
  CpuPin() = default;
  CpuPin(const CpuPin&) = delete;
  CpuPin& operator=(const CpuPin&) = delete;

  [[nodiscard]] unsigned index() const { return index_; }

  // Who holds a lock that is taken now; not 0.
  [[nodiscard]] static uint32_t holder() {
    if (internal::number_of_thread == 0) {
      internal::number_of_thread = ++internal::threads_numbered;
    }
    return internal::number_of_thread;
  }

 private:
  unsigned index_ = internal::cpu_of_thread;
};

// Between two looks at something another processor is about to change.
inline void Relax() { sched_yield(); }

}  // namespace locking
