// A broken invariant in a driver is a crash of that driver, which the system process reports.
#include <source_location>

#include "kernel/base/check.h"

namespace base {

void CheckFailed(const char*, std::source_location) { __builtin_trap(); }

}  // namespace base
