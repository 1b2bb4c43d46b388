#pragma once

#include "arch/arm/facts/system_calls.h"

namespace machine {

// The numbers of system calls: Linux's, and the kernel's.
using arch::arm::kSystemCalls;

}  // namespace machine
