// The heap of our programs, in the shape of peers/objects.h.
#pragma once

#include <cstddef>

namespace bench {

struct ProgramObjects {
  static constexpr const char* kName = "libatlas";
  static void* Allocate(size_t bytes);
  static void Free(void* object);
  static void KeepMemory() {}
};

}  // namespace bench
