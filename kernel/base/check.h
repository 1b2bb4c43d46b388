// CHECK stops the system when an invariant is broken. It is never compiled out. In a constant
// expression a failing CHECK is a compile error.
#pragma once

#include <source_location>

namespace base {

// Says what failed and where, and does not return. The kernel's is in kernel/init; host programs
// link //kernel/base:check_abort.
[[noreturn]] void CheckFailed(const char* expression, std::source_location location);

}  // namespace base

// A macro, for the expression's text.
#define CHECK(condition)              \
  ((condition) ? static_cast<void>(0) \
               : ::base::CheckFailed(#condition, std::source_location::current()))
