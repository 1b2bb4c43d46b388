// Timers that end in a signal.
#pragma once

#include <cstdint>

#include "kernel/sched/deadline.h"
#include "kernel/sched/timer_queue.h"

namespace process {

class Process;

// SIGALRM for a process, once or again and again.
class AlarmTimer final : public sched::Timer {
 public:
  struct Setting {
    uint64_t left_nanoseconds = 0;      // 0: not set
    uint64_t interval_nanoseconds = 0;  // 0: once
  };

  explicit AlarmTimer(Process& process) : process_(process) {}

  [[nodiscard]] Setting setting() const;
  // Replaces what was set.
  void Set(const Setting& setting);

  void OnExpired() override;

 private:
  Process& process_;
  uint64_t interval_nanoseconds_ = 0;
};

}  // namespace process
