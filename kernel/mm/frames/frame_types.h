// Words that the layers of the frame allocator share: zones, what a zone holds, and why a free is
// refused.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/address.h"

namespace mm {

enum class ZoneKind : uint8_t {
  kDma,     // what devices with short addresses reach; empty where every device reaches all
  kNormal,  // the rest of the direct map
  kHigh,    // beyond the direct map
};
inline constexpr size_t kZoneCount = 3;

[[nodiscard]] std::string_view ZoneName(ZoneKind kind);

// Where zones begin: multiples of 512 frames. A zone may be empty.
struct ZoneLimits {
  FrameNumber normal_first;
  FrameNumber high_first;
};

// Runs are counted in orders up to here; longer ones exist, and are made of whole blocks.
inline constexpr unsigned kMaxOrder = 10;
inline constexpr unsigned kOrderCount = kMaxOrder + 1;

struct ZoneStatistics {
  FrameNumber first;     // of the zone, usable or not
  PageCount usable;      // all frames that are or were free
  PageCount free;        // the unprepared ones and those in the processors' caches included
  PageCount unprepared;  // free, and never looked at yet
  PageCount cached;      // free, in the processors' caches
  std::array<uint64_t, kOrderCount> free_blocks;  // by order, the prepared ones not in caches
};

// Why a Free() was refused.
enum class FreeFault : uint8_t {
  kDoubleFree,   // the frame is free
  kReserved,     // the frame is not RAM, or was taken before the allocator started
  kOutOfRange,   // beyond all memory
  kMisaligned,   // the frame lies inside a run, it does not start it
  kWrongLength,  // the run has another length
};

[[nodiscard]] std::string_view FreeFaultName(FreeFault fault);

}  // namespace mm
