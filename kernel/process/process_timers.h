// A process's timers of timer_create, each of which sends a signal when it is due.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"
#include "kernel/posix/time.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/signal_queue.h"
#include "kernel/process/timer_schedule.h"
#include "kernel/sched/timer_queue.h"

namespace process {

class Process;

// What a timer does when it is due.
struct TimerEvent {
  posix::EventKind kind = posix::EventKind::kSignal;
  posix::Signal signal = posix::Signal::kAlarm;
  uintptr_t value = 0;
  Pid thread = 0;  // of kThreadId
};

// A timer whose signal is pending does not run on: when the signal is taken, it is known how often
// the timer would have been due meanwhile. So no timer keeps the processor busy whose process does
// not.
class ProcessTimer final : public sched::Timer, public base::ListHook<ProcessTimer> {
 public:
  ProcessTimer(Process& process, int32_t id, posix::Clock clock, const TimerEvent& event);

  [[nodiscard]] int32_t id() const { return id_; }
  // Whose absolute times are meant; it runs by the monotonic clock.
  [[nodiscard]] posix::Clock clock() const { return clock_; }
  [[nodiscard]] TimerSchedule::Setting setting() const;
  // Replaces what was set: due at a moment of the monotonic clock, then every `interval` if that is
  // not 0.
  void Set(uint64_t due, uint64_t interval);
  void Clear();
  // Of the signal that was taken last: how often the timer was due besides.
  [[nodiscard]] int32_t overruns() const { return overruns_; }

  // What its signals bring.
  void SetValue(uintptr_t value) { entry_.information.timer.value = value; }

  // Its signal has been taken, or will not be: `entry`, which has left its queue, can be sent
  // again.
  void OnTaken();
  void OnExpired() override;

 private:
  friend class ProcessTimers;
  ~ProcessTimer();

  void Arm(uint64_t at);
  // Nobody has noticed that it was due.
  void GoOn();

  Process& process_;
  int32_t id_;
  posix::Clock clock_;
  TimerEvent event_;
  TimerSchedule schedule_;
  QueuedSignal entry_;
  // The pending signal is of the present setting.
  bool is_current_ = false;
  int32_t overruns_ = 0;
};

class ProcessTimers {
 public:
  explicit ProcessTimers(Process& process) : process_(process) {}
  ProcessTimers(const ProcessTimers&) = delete;
  ProcessTimers& operator=(const ProcessTimers&) = delete;
  // CHECKed: there are none.
  ~ProcessTimers() = default;

  // Not set yet. Error: kAgain (no memory, or more than RLIMIT_SIGPENDING).
  [[nodiscard]] posix::Result<ProcessTimer*> Make(posix::Clock clock, const TimerEvent& event);
  // Error: kInvalid, there is none. O(timers).
  [[nodiscard]] posix::Result<ProcessTimer*> Find(int32_t id);
  void Delete(ProcessTimer& timer);
  // exec and exit.
  void DeleteAll();

 private:
  Process& process_;
  base::List<ProcessTimer> timers_;
  size_t count_ = 0;
  int32_t next_id_ = 0;
};

}  // namespace process
