// Whether the program that runs may execute in and out.
#pragma once

#include <cstdint>

#include "arch/ops/segments.h"
#include "arch/x86_64/devices/descriptors.h"

namespace arch {

enum class PortAccess : uint8_t {
  kNone,
  kDevices,  // of all ports but the kernel's own devices'
};

// From now on. Not by the I/O privilege level, which would let a program turn interrupts off (SDM
// vol. 1 19.5.1); the processor looks where the map is at each access.
inline void SetPortAccess(PortAccess access) {
  SetPortMapOffset(access == PortAccess::kNone ? x86_64::kNoPortMapOffset : x86_64::kPortMapOffset);
}

}  // namespace arch
