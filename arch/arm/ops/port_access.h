// Whether the program that runs may execute in and out: the processor has neither.
#pragma once

#include <cstdint>

namespace arch {

enum class PortAccess : uint8_t { kNone, kDevices };

inline void SetPortAccess(PortAccess) {}

}  // namespace arch
