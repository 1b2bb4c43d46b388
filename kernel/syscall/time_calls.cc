#include "kernel/syscall/time_calls.h"

#include <optional>

#include "arch/ops/timer.h"
#include "kernel/process/current.h"
#include "kernel/process/system.h"
#include "kernel/sched/block.h"
#include "kernel/syscall/real_time.h"

namespace syscall {
namespace {

using posix::Clock;
using posix::Errno;
using process::Process;
using process::UserThread;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

constexpr int kRealTimer = 0;  // ITIMER_REAL

uint64_t Now() { return process::TheSystem().scheduler().Now(); }

uint64_t TicksOf(Process& process) {
  uint64_t ticks = process.usage.user_ticks;
  for (const UserThread& thread : process.threads) ticks += thread.ticks();
  return ticks;
}

posix::Result<uint64_t> Read(Clock clock) {
  switch (clock) {
    case Clock::kRealTime:
    case Clock::kRealTimeCoarse:
      return RealTime();
    case Clock::kMonotonic:
    case Clock::kMonotonicRaw:
    case Clock::kMonotonicCoarse:
    case Clock::kBootTime:
      return Now();
    case Clock::kProcessTime:
      return TicksOf(kernel::CurrentProcess()) * arch::kNanosecondsPerTick;
    case Clock::kThreadTime:
      return kernel::CurrentThread().ticks() * arch::kNanosecondsPerTick;
  }
  return kInvalid;
}

// The moment of the monotonic clock that a sleep ends at.
posix::Result<sched::Deadline> DeadlineOf(Clock clock, int flags, uint64_t nanoseconds) {
  if (clock == Clock::kProcessTime || clock == Clock::kThreadTime) {
    return std::unexpected(Errno::kNotSupported);
  }
  const uint64_t now = TRY(Read(clock));
  if ((flags & posix::kAbsoluteTime) == 0) return sched::Deadline::After(Now(), nanoseconds);
  return sched::Deadline::After(Now(), nanoseconds > now ? nanoseconds - now : 0);
}

template <class Word>
posix::CallResult Sleep(Clock clock, int flags, kernel::UserPointer<posix::TimeOf<Word>> time,
                        kernel::UserPointer<posix::TimeOf<Word>> left) {
  const auto nanoseconds = posix::NanosecondsOf(TRY(time.Read()));
  if (!nanoseconds) return kInvalid;
  UserThread& thread = kernel::CurrentThread();
  // A sleep that goes on after a stop ends when it would have ended.
  const sched::Deadline deadline =
      thread.kept_deadline ? *thread.kept_deadline : TRY(DeadlineOf(clock, flags, *nanoseconds));
  thread.kept_deadline.reset();
  while (true) {
    const sched::WaitResult result = sched::Block(deadline, sched::Interruption::kBySignals);
    if (result == sched::WaitResult::kTimedOut) return 0;
    if (result == sched::WaitResult::kInterrupted) break;
  }
  thread.kept_deadline = deadline;
  const bool is_absolute = (flags & posix::kAbsoluteTime) != 0;
  if (!left.IsNull() && !is_absolute) {
    const uint64_t now = Now();
    const uint64_t rest = deadline.nanoseconds > now ? deadline.nanoseconds - now : 0;
    TRY(left.Write(posix::TimeFrom<Word>(rest)));
  }
  return std::unexpected(Errno::kRestartUnlessHandled);
}

template <class Word>
posix::CallResult SetClock(Clock clock, kernel::UserPointer<posix::TimeOf<Word>> time) {
  // What a signed number of nanoseconds can say, and much to come.
  constexpr uint64_t kLatest = uint64_t{1} << 62;
  if (kernel::CurrentProcess().system == nullptr) return std::unexpected(Errno::kNotPermitted);
  if (clock != Clock::kRealTime) return kInvalid;
  const auto nanoseconds = posix::NanosecondsOf(TRY(time.Read()));
  if (!nanoseconds || *nanoseconds > kLatest) return kInvalid;
  const auto now = posix::TimeFrom<int64_t>(*nanoseconds);
  process::TheSystem().environment().world.SetNow(
      {.seconds = now.seconds, .nanoseconds = now.nanoseconds});
  return 0;
}

template <class Word>
posix::CallResult WriteClock(Clock clock, kernel::UserPointer<posix::TimeOf<Word>> time) {
  TRY(time.Write(posix::TimeFrom<Word>(TRY(Read(clock)))));
  return 0;
}

template <class Word>
posix::CallResult WriteResolution(Clock clock,
                                  kernel::UserPointer<posix::TimeOf<Word>> resolution) {
  static_cast<void>(TRY(Read(clock)));  // whether there is such a clock
  if (resolution.IsNull()) return 0;
  const bool counts_ticks = clock == Clock::kProcessTime || clock == Clock::kThreadTime;
  TRY(resolution.Write(posix::TimeFrom<Word>(counts_ticks ? arch::kNanosecondsPerTick : 1)));
  return 0;
}

posix::IntervalSetting SettingFrom(const process::AlarmTimer::Setting& setting) {
  return {.interval = posix::MicrosecondTimeFrom<intptr_t>(setting.interval_nanoseconds),
          .left = posix::MicrosecondTimeFrom<intptr_t>(setting.left_nanoseconds)};
}

}  // namespace

posix::CallResult Nanosleep(UserTime time, UserTime left) {
  return Sleep<intptr_t>(Clock::kMonotonic, 0, time, left);
}
posix::CallResult ClockNanosleep(Clock clock, int flags, UserTime time, UserTime left) {
  return Sleep<intptr_t>(clock, flags, time, left);
}
posix::CallResult ClockNanosleepTime64(Clock clock, int flags, UserLongTime time,
                                       UserLongTime left) {
  return Sleep<int64_t>(clock, flags, time, left);
}

posix::CallResult ClockGettime(Clock clock, UserTime time) {
  return WriteClock<intptr_t>(clock, time);
}
posix::CallResult ClockGettime64(Clock clock, UserLongTime time) {
  return WriteClock<int64_t>(clock, time);
}

posix::CallResult ClockGetres(Clock clock, UserTime resolution) {
  return WriteResolution<intptr_t>(clock, resolution);
}
posix::CallResult ClockGetresTime64(Clock clock, UserLongTime resolution) {
  return WriteResolution<int64_t>(clock, resolution);
}

posix::CallResult ClockSettime(Clock clock, UserTime time) {
  return SetClock<intptr_t>(clock, time);
}
posix::CallResult ClockSettime64(Clock clock, UserLongTime time) {
  return SetClock<int64_t>(clock, time);
}

posix::CallResult Gettimeofday(UserMicrosecondTime time, uintptr_t zone) {
  // Nobody has set a time zone; programs that ask for one are older than the answer.
  if (zone != 0) {
    constexpr uint64_t kNoZone = 0;
    TRY(kernel::UserPointer<uint64_t>(zone).Write(kNoZone));
  }
  if (!time.IsNull()) TRY(time.Write(posix::MicrosecondTimeFrom<intptr_t>(RealTime())));
  return 0;
}

posix::CallResult Time(kernel::UserPointer<intptr_t> seconds) {
  const auto now = static_cast<intptr_t>(RealTime() / posix::kNanosecondsPerSecond);
  if (!seconds.IsNull()) TRY(seconds.Write(now));
  return now;
}

posix::CallResult Setitimer(int timer, UserIntervalSetting setting, UserIntervalSetting before) {
  if (timer != kRealTimer) return kInvalid;
  process::AlarmTimer::Setting wanted;
  if (!setting.IsNull()) {
    const posix::IntervalSetting given = TRY(setting.Read());
    const auto left = posix::NanosecondsOf(given.left);
    const auto interval = posix::NanosecondsOf(given.interval);
    if (!left || !interval) return kInvalid;
    wanted = {.left_nanoseconds = *left, .interval_nanoseconds = *interval};
  }
  process::AlarmTimer& alarm = kernel::CurrentProcess().alarm;
  const posix::IntervalSetting old = SettingFrom(alarm.setting());
  alarm.Set(wanted);
  if (!before.IsNull()) TRY(before.Write(old));
  return 0;
}

posix::CallResult Getitimer(int timer, UserIntervalSetting setting) {
  if (timer != kRealTimer) return kInvalid;
  TRY(setting.Write(SettingFrom(kernel::CurrentProcess().alarm.setting())));
  return 0;
}

posix::CallResult Alarm(uint32_t seconds) {
  process::AlarmTimer& alarm = kernel::CurrentProcess().alarm;
  const uint64_t left = alarm.setting().left_nanoseconds;
  alarm.Set(
      {.left_nanoseconds = seconds * posix::kNanosecondsPerSecond, .interval_nanoseconds = 0});
  // Rounded up: 0 would say that none was set.
  return static_cast<intptr_t>((left + posix::kNanosecondsPerSecond - 1) /
                               posix::kNanosecondsPerSecond);
}

}  // namespace syscall
