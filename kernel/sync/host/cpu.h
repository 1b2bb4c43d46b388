// Processors as the memory manager sees them, on the host: a thread is one. The main thread is
// processor 0; a test's other threads say which one they are.
#pragma once

#include <thread>

#include "kernel/base/check.h"
#include "kernel/sync/cpu_count.h"

namespace locking {

namespace internal {
inline thread_local constinit unsigned cpu_of_thread = 0;
}

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

 private:
  unsigned index_ = internal::cpu_of_thread;
};

// Between two looks at something another processor is about to change.
inline void Relax() { std::this_thread::yield(); }

}  // namespace locking
