#pragma once

#include "arch/x86_64/facts/system_calls.h"

namespace machine {

// The numbers of system calls: Linux's, and the kernel's.
using arch::x86_64::kSystemCalls;

}  // namespace machine
