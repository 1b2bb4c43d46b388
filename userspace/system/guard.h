// Calls that may crash: a driver's. What it had begun stays as it is; the caller goes on.
//
// Drivers call nothing that takes a lock (object_judge.h sees to that), so that none is held by
// somebody who does not come back. One thread at a time.
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/base/function_ref.h"

namespace dispatch {

struct Crash {
  int signal = 0;
  uintptr_t address = 0;  // that it was about
};

// To be done once, before the first call: faults go to a stack of their own. Whether it worked.
bool PrepareGuard();

// Runs it, which does not call this again. After a fault, or a broken invariant, within it: what
// that was. SIGXCPU: it did not come back while that came twice.
std::expected<void, Crash> RunGuarded(base::FunctionRef<void()> function);

// What people call the signal.
const char* SignalName(int signal);

}  // namespace dispatch
