// The system calls of this processor's interface.
#pragma once

#include "arch/x86_64/facts/system_calls.h"

namespace arch {

using arch::x86_64::kCloneChildIdArgument;
using arch::x86_64::kCloneThreadPointerArgument;
using arch::x86_64::kSystemCalls;

}  // namespace arch
