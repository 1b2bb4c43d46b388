// What processes have used, as Linux's calls tell it. All of it counts as the program's own time:
// the kernel is not interrupted, so that ticks find user mode.
#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/ops/timer.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/resource.h"
#include "kernel/posix/time.h"
#include "kernel/process/process.h"

namespace syscall {

[[nodiscard]] inline posix::Usage UsageFrom(const process::Usage& usage) {
  const auto user =
      posix::MicrosecondTimeFrom<intptr_t>(usage.user_ticks * arch::kNanosecondsPerTick);
  posix::Usage told{};
  told.user = {static_cast<uintptr_t>(user.seconds), static_cast<uintptr_t>(user.microseconds)};
  told.most_resident_kib =
      static_cast<uintptr_t>(usage.most_resident_pages * (mm::kPageSize / 1024));
  told.minor_faults = static_cast<uintptr_t>(usage.minor_faults);
  told.signals = static_cast<uintptr_t>(usage.signals);
  return told;
}

// Of the process as it is now, its living threads included.
[[nodiscard]] inline process::Usage UsageNow(process::Process& process) {
  process::Usage usage = process.usage;
  for (const process::UserThread& thread : process.threads) usage.user_ticks += thread.ticks();
  if (process.space) {
    usage.most_resident_pages =
        std::max(usage.most_resident_pages, process.space->counters().physical_pages.value);
  }
  return usage;
}

}  // namespace syscall
