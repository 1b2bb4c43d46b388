// Time in benchmarks, and what keeps the compiler from removing the work.
#pragma once

#include <time.h>

namespace bench {

// Processor time of this process since the watch was made: it stands still while others run.
// Reading it costs a system call, so time many operations at once.
class Stopwatch {
 public:
  [[nodiscard]] double nanoseconds() const { return Now() - start_; }

 private:
  static double Now() {
    timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) * 1e9 + static_cast<double>(now.tv_nsec);
  }

  double start_ = Now();
};

// `value` counts as used, and memory as read and written, as far as the compiler can tell. Costs
// nothing by itself. An allocation that nothing else uses may otherwise be left out with its free.
template <typename T>
inline void Keep(const T& value) {
  asm volatile("" : : "r,m"(value) : "memory");
}

}  // namespace bench
