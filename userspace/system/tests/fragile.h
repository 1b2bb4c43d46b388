#pragma once

#include <cstdint>

namespace trial {

// Where the disk of the driver `fragile` has places that it does not bear to be asked for.
inline constexpr uint64_t kCrashOffset = 0x40000;
inline constexpr uint64_t kLoopOffset = 0x80000;
// It takes this one, and crashes when the device says that something is done.
inline constexpr uint64_t kHandlerCrashOffset = 0xC0000;

}  // namespace trial
