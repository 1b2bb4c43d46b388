// The user programs of arch/common/trial.h on this processor.
#pragma once

#include "arch/common/trial.h"  // IWYU pragma: export

namespace arch {

// How many kinds of kPrivileged there are.
inline constexpr unsigned kTrialPrivilegedKinds = 14;

// Whether a division by zero is an exception.
inline constexpr bool kTrialDivideFaults = true;

// Whether user mode can ask for a trap behind each instruction.
inline constexpr bool kTrialSteps = true;

// Instructions of the loop around each call of kNullCalls.
inline constexpr unsigned kTrialLoopInstructions = 3;

}  // namespace arch
