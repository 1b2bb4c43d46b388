// Copies between the kernel and user pages, tried with pointers of every kind.
#pragma once

#include <span>
#include <string_view>

#include "kernel/init/user_trial_run.h"
#include "kernel/init/user_trial_space.h"

namespace kernel {

struct CopyTrial {
  std::string_view what;
  bool (*works)(const TrialSpace& space, TrialRun& run);
};

// In an order in which the missing page comes last.
std::span<const CopyTrial> CopyTrials();

}  // namespace kernel
