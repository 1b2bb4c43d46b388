#pragma once

#include <cstdint>

namespace trial {

// What the driver `crash` is asked for. The address is of nothing.
enum class CrashKind : uint64_t { kNone, kWrite, kJump, kCheck, kStack, kCopy };

inline constexpr uint32_t kCrashStateBytes = 64;

}  // namespace trial
