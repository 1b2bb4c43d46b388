#include "kernel/syscall/timer_calls.h"

#include "kernel/process/current.h"
#include "kernel/process/system.h"
#include "kernel/syscall/real_time.h"

namespace syscall {
namespace {

using posix::Clock;
using posix::Errno;
using posix::EventKind;
using process::ProcessTimer;
using process::ProcessTimers;
using process::TimerEvent;
using process::TimerSchedule;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

ProcessTimers& Mine() { return kernel::CurrentProcess().timers; }

posix::Result<> CheckClock(Clock clock) {
  switch (clock) {
    case Clock::kRealTime:
    case Clock::kMonotonic:
    case Clock::kBootTime:
      return {};
    case Clock::kProcessTime:
    case Clock::kThreadTime:
    case Clock::kMonotonicRaw:
    case Clock::kRealTimeCoarse:
    case Clock::kMonotonicCoarse:
      return std::unexpected(Errno::kNotSupported);
  }
  return kInvalid;
}

posix::Result<TimerEvent> EventOf(const posix::SignalEvent& given) {
  TimerEvent event = {.kind = given.kind, .value = given.value};
  switch (given.kind) {
    case EventKind::kNone:
      return event;
    case EventKind::kThreadId: {
      process::UserThread* const thread = process::TheSystem().pids().Find(given.thread).thread;
      if (thread == nullptr || &thread->process() != &kernel::CurrentProcess()) return kInvalid;
      event.thread = given.thread;
      break;
    }
    case EventKind::kSignal:
    case EventKind::kThread:  // the C library handles the signal
      break;
    default:
      return kInvalid;
  }
  const auto signal = posix::SignalOf(given.signal);
  if (!signal) return kInvalid;
  event.signal = *signal;
  return event;
}

template <class Word>
posix::TimerSettingOf<Word> SettingFrom(const TimerSchedule::Setting& setting) {
  return {.interval = posix::TimeFrom<Word>(setting.interval_nanoseconds),
          .left = posix::TimeFrom<Word>(setting.left_nanoseconds)};
}

template <class Word>
posix::CallResult SetTimer(int32_t id, int flags,
                           kernel::UserPointer<posix::TimerSettingOf<Word>> setting,
                           kernel::UserPointer<posix::TimerSettingOf<Word>> before) {
  if (setting.IsNull()) return kInvalid;
  const posix::TimerSettingOf<Word> given = TRY(setting.Read());
  const auto left = posix::NanosecondsOf(given.left);
  const auto interval = posix::NanosecondsOf(given.interval);
  if (!left || !interval) return kInvalid;
  ProcessTimer& timer = *TRY(Mine().Find(id));
  const auto old = SettingFrom<Word>(timer.setting());
  if (*left == 0) {
    timer.Clear();
  } else if ((flags & posix::kAbsoluteTime) == 0) {
    const uint64_t now = process::TheSystem().scheduler().Now();
    timer.Set(sched::Deadline::After(now, *left).nanoseconds, *interval);
  } else {
    const bool is_real_time = timer.clock() == Clock::kRealTime;
    timer.Set(is_real_time ? AtRealTime(*left).nanoseconds : *left, *interval);
  }
  if (!before.IsNull()) TRY(before.Write(old));
  return 0;
}

template <class Word>
posix::CallResult TellTimer(int32_t id, kernel::UserPointer<posix::TimerSettingOf<Word>> setting) {
  TRY(setting.Write(SettingFrom<Word>(TRY(Mine().Find(id))->setting())));
  return 0;
}

}  // namespace

posix::CallResult TimerCreate(Clock clock, kernel::UserPointer<posix::SignalEvent> event,
                              kernel::UserPointer<int32_t> timer) {
  TRY(CheckClock(clock));
  TimerEvent wanted;
  if (!event.IsNull()) wanted = TRY(EventOf(TRY(event.Read())));
  ProcessTimer& made = *TRY(Mine().Make(clock, wanted));
  if (event.IsNull()) made.SetValue(static_cast<uintptr_t>(made.id()));
  if (const auto written = timer.Write(made.id()); !written) {
    Mine().Delete(made);
    return std::unexpected(written.error());
  }
  return 0;
}

posix::CallResult TimerSettime(int32_t timer, int flags, UserTimerSetting setting,
                               UserTimerSetting before) {
  return SetTimer(timer, flags, setting, before);
}
posix::CallResult TimerSettime64(int32_t timer, int flags, UserLongTimerSetting setting,
                                 UserLongTimerSetting before) {
  return SetTimer(timer, flags, setting, before);
}

posix::CallResult TimerGettime(int32_t timer, UserTimerSetting setting) {
  return TellTimer(timer, setting);
}
posix::CallResult TimerGettime64(int32_t timer, UserLongTimerSetting setting) {
  return TellTimer(timer, setting);
}

posix::CallResult TimerGetoverrun(int32_t timer) { return TRY(Mine().Find(timer))->overruns(); }

posix::CallResult TimerDelete(int32_t timer) {
  Mine().Delete(*TRY(Mine().Find(timer)));
  return 0;
}

}  // namespace syscall
