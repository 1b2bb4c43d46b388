// Numbers of the calls about memory, as Linux has them (include/uapi/asm-generic/mman-common.h,
// mman.h; include/uapi/linux/mman.h). Both architectures share them.
#pragma once

#include <cstdint>

namespace posix {

namespace protection {
inline constexpr uint32_t kRead = 1;
inline constexpr uint32_t kWrite = 2;
inline constexpr uint32_t kExecute = 4;
inline constexpr uint32_t kAll = kRead | kWrite | kExecute;
}  // namespace protection

namespace map_flag {
inline constexpr uint32_t kShared = 0x1;
inline constexpr uint32_t kPrivate = 0x2;
inline constexpr uint32_t kSharedValidate = 0x3;
inline constexpr uint32_t kTypeMask = 0xf;
inline constexpr uint32_t kFixed = 0x10;
inline constexpr uint32_t kAnonymous = 0x20;
inline constexpr uint32_t kGrowsDown = 0x100;
inline constexpr uint32_t kLocked = 0x2000;
inline constexpr uint32_t kNoReserve = 0x4000;
inline constexpr uint32_t kPopulate = 0x8000;
inline constexpr uint32_t kHugePages = 0x4'0000;
inline constexpr uint32_t kFixedNoReplace = 0x10'0000;
// What has no effect here: MAP_32BIT, MAP_DENYWRITE, MAP_EXECUTABLE, MAP_NONBLOCK, MAP_STACK.
inline constexpr uint32_t kIgnored = 0x40 | 0x800 | 0x1000 | 0x1'0000 | 0x2'0000;
// All that there may be beside kSharedValidate.
inline constexpr uint32_t kValidated =
    kTypeMask | kFixed | kAnonymous | kLocked | kNoReserve | kPopulate | kIgnored;
}  // namespace map_flag

namespace remap_flag {
inline constexpr uint32_t kMayMove = 1;
inline constexpr uint32_t kFixed = 2;
inline constexpr uint32_t kAll = kMayMove | kFixed;
}  // namespace remap_flag

namespace sync_flag {
inline constexpr uint32_t kAsynchronous = 1;
inline constexpr uint32_t kInvalidate = 2;
inline constexpr uint32_t kSynchronous = 4;
inline constexpr uint32_t kAll = kAsynchronous | kInvalidate | kSynchronous;
}  // namespace sync_flag

namespace lock_flag {
inline constexpr uint32_t kOnFault = 1;  // mlock2
inline constexpr uint32_t kCurrent = 1;  // mlockall
inline constexpr uint32_t kFuture = 2;
inline constexpr uint32_t kAllOnFault = 4;
}  // namespace lock_flag

// madvise's. Those that are not here are refused.
enum class MemoryAdvice : int32_t {
  kNormal = 0,
  kRandom = 1,
  kSequential = 2,
  kWillNeed = 3,
  kDontNeed = 4,
  kFree = 8,
  kMergeable = 12,
  kUnmergeable = 13,
  kHugePage = 14,
  kNoHugePage = 15,
  kDontDump = 16,
  kDoDump = 17,
  kCold = 20,
  kPageOut = 21,
};

}  // namespace posix
