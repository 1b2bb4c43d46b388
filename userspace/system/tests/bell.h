#pragma once

#include <cstdint>

#include "userspace/drivers/device_description.h"

namespace trial {

// No bus tells of the device: any kind will do that others do not have there.
inline constexpr drivers::DeviceKind kBellKind = drivers::DeviceKind::kClockPl031;

// What the driver `bell` is asked for, by a request's offset.
enum class BellOrder : uint64_t {
  kCount,  // the result: how many interrupts this copy has handled
  kCrash,
  kCrashInHandler,  // when the device interrupts, which it goes on with
};

}  // namespace trial
