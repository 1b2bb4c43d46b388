#include "kernel/process/timers.h"

#include <algorithm>

#include "kernel/process/signals.h"
#include "kernel/process/system.h"

namespace process {

AlarmTimer::Setting AlarmTimer::setting() const {
  if (!IsSet()) return {};
  const uint64_t now = TheSystem().scheduler().Now();
  const uint64_t at = deadline().nanoseconds;
  // One that is due and not yet delivered still counts as set.
  return {.left_nanoseconds = std::max<uint64_t>(at > now ? at - now : 0, 1),
          .interval_nanoseconds = interval_nanoseconds_};
}

void AlarmTimer::Set(const Setting& setting) {
  sched::Scheduler& scheduler = TheSystem().scheduler();
  scheduler.CancelTimer(*this);
  interval_nanoseconds_ = setting.interval_nanoseconds;
  if (setting.left_nanoseconds == 0) return;
  scheduler.SetTimer(*this, sched::Deadline::After(scheduler.Now(), setting.left_nanoseconds));
}

void AlarmTimer::OnExpired() {
  constexpr posix::Signal kAlarm = posix::Signal::kAlarm;
  static_cast<void>(SendToProcess(process_, kAlarm, InformationOf(kAlarm)));
  if (interval_nanoseconds_ == 0) return;
  // From now on, not from when it was due: nobody counts expirations that were missed.
  sched::Scheduler& scheduler = TheSystem().scheduler();
  scheduler.SetTimer(*this, sched::Deadline::After(scheduler.Now(), interval_nanoseconds_));
}

}  // namespace process
