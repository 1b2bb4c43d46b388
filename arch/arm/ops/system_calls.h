// The system calls of this processor's interface.
#pragma once

#include "arch/arm/facts/system_calls.h"

namespace arch {

using arch::arm::kCloneChildIdArgument;
using arch::arm::kCloneThreadPointerArgument;
using arch::arm::kSystemCalls;

}  // namespace arch
