// Whose numbers and structures programs speak on this processor.
#pragma once

#include "kernel/posix/file.h"

namespace arch {

inline constexpr posix::Abi kAbi = posix::Abi::kArm;

}  // namespace arch
