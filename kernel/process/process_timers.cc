#include "kernel/process/process_timers.h"

#include <algorithm>
#include <limits>
#include <new>

#include "kernel/process/process.h"
#include "kernel/process/signals.h"
#include "kernel/process/system.h"

namespace process {
namespace {

constexpr uint64_t kNanosecondsPerMillisecond = 1'000'000;
// When to try again where a signal cannot be sent now, and how often at most one that nobody hears.
constexpr uint64_t kPause = 10 * kNanosecondsPerMillisecond;

uint64_t Now() { return TheSystem().scheduler().Now(); }

}  // namespace

ProcessTimer::ProcessTimer(Process& process, int32_t id, posix::Clock clock,
                           const TimerEvent& event)
    : process_(process), id_(id), clock_(clock), event_(event) {
  entry_.timer = this;
  entry_.information.signal = static_cast<int32_t>(posix::NumberOf(event.signal));
  entry_.information.code = static_cast<int32_t>(posix::SignalCode::kTimer);
  entry_.information.timer = {.timer = id, .overrun = 0, .value = event.value};
}

// A signal that is pending stays so, with nothing known of it.
ProcessTimer::~ProcessTimer() {
  Clear();
  if (entry_.IsLinked()) entry_.Unlink();
}

TimerSchedule::Setting ProcessTimer::setting() const {
  TimerSchedule::Setting setting = schedule_.At(Now());
  // One that is due and not yet delivered still counts as set, unless nobody waits for that.
  const bool is_late = schedule_.IsSet() && setting.left_nanoseconds == 0;
  if (is_late && event_.kind != posix::EventKind::kNone) setting.left_nanoseconds = 1;
  return setting;
}

void ProcessTimer::Arm(uint64_t at) {
  if (event_.kind == posix::EventKind::kNone) return;
  TheSystem().scheduler().SetTimer(*this, sched::Deadline{at});
}

void ProcessTimer::Set(uint64_t due, uint64_t interval) {
  Clear();
  schedule_.Set(due, interval);
  Arm(due);
}

void ProcessTimer::Clear() {
  TheSystem().scheduler().CancelTimer(*this);
  schedule_.Clear();
  is_current_ = false;
  overruns_ = 0;
}

void ProcessTimer::OnExpired() {
  if (entry_.IsLinked()) return Arm(Now() + kPause);  // of the setting before
  UserThread* thread = nullptr;
  if (event_.kind == posix::EventKind::kThreadId) {
    thread = TheSystem().pids().Find(event_.thread).thread;
    if (thread == nullptr || &thread->process() != &process_) return schedule_.Clear();
  }
  switch (SendOfTimer(process_, thread, event_.signal, entry_)) {
    case TimerSignal::kQueued:
      is_current_ = true;
      return;
    case TimerSignal::kIsPending:
      return Arm(Now() + kPause);
    case TimerSignal::kHasNoEffect:
      return GoOn();
  }
}

void ProcessTimer::GoOn() {
  if (!schedule_.IsPeriodic()) return schedule_.Clear();
  const uint64_t now = Now();
  static_cast<void>(schedule_.Advance(now));
  Arm(std::max(schedule_.due(), now + kPause));
}

void ProcessTimer::OnTaken() {
  overruns_ = 0;
  if (is_current_ && !schedule_.IsPeriodic()) schedule_.Clear();
  if (is_current_ && schedule_.IsPeriodic()) {
    constexpr uint64_t kMost = std::numeric_limits<int32_t>::max();
    overruns_ = static_cast<int32_t>(std::min(schedule_.Advance(Now()) - 1, kMost));
    Arm(schedule_.due());
  }
  is_current_ = false;
  entry_.information.timer.overrun = overruns_;
}

posix::Result<ProcessTimer*> ProcessTimers::Make(posix::Clock clock, const TimerEvent& event) {
  if (count_ >= process_.limits[posix::Resource::kPendingSignals].soft) {
    return std::unexpected(posix::Errno::kAgain);
  }
  const auto memory = TheSystem().environment().memory.Allocate(sizeof(ProcessTimer));
  if (!memory) return std::unexpected(posix::Errno::kAgain);
  auto* const timer = new (*memory) ProcessTimer(process_, next_id_, clock, event);
  next_id_ = next_id_ == std::numeric_limits<int32_t>::max() ? 0 : next_id_ + 1;
  timers_.PushBack(*timer);
  ++count_;
  return timer;
}

posix::Result<ProcessTimer*> ProcessTimers::Find(int32_t id) {
  for (ProcessTimer& timer : timers_) {
    if (timer.id() == id) return &timer;
  }
  return std::unexpected(posix::Errno::kInvalid);
}

void ProcessTimers::Delete(ProcessTimer& timer) {
  static_cast<base::ListHook<ProcessTimer>&>(timer).Unlink();
  --count_;
  timer.~ProcessTimer();
  TheSystem().environment().memory.Free(&timer);
}

void ProcessTimers::DeleteAll() {
  while (ProcessTimer* const timer = timers_.first()) Delete(*timer);
}

}  // namespace process
