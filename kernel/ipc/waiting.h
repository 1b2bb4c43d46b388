// Whether who finds a queue full, or empty, waits.
#pragma once

#include <cstdint>

namespace ipc {

enum class Waiting : uint8_t { kAllowed, kForbidden };

}  // namespace ipc
