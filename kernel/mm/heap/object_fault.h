// What a caller did wrong with an object of a slab cache.
#pragma once

#include <cstdint>
#include <string_view>

namespace mm {

enum class ObjectFault : uint8_t {
  kForeign,           // freed: no slab cache's memory
  kWrongCache,        // freed: an object of another cache
  kInterior,          // freed: inside a slab, but not where an object begins
  kDoubleFree,        // freed: it is free already
  kOverrun,           // freed: somebody wrote past its last byte
  kWrittenAfterFree,  // allocated: somebody wrote to it while it was free
};

// What a person reads, for example "double free".
[[nodiscard]] constexpr std::string_view ObjectFaultName(ObjectFault fault) {
  switch (fault) {
    case ObjectFault::kForeign:
      return "no object of a slab cache";
    case ObjectFault::kWrongCache:
      return "object of another cache";
    case ObjectFault::kInterior:
      return "interior pointer";
    case ObjectFault::kDoubleFree:
      return "double free";
    case ObjectFault::kOverrun:
      return "written past its end";
    case ObjectFault::kWrittenAfterFree:
      return "written after it was freed";
  }
  return "unknown fault";
}

// Told about a fault; `cache` is the name of the cache that noticed. The usual one does not return
// (StopOnFault). When one returns, a refused free has changed nothing, and damage is repaired.
using ObjectFaultHandler = void (*)(ObjectFault fault, std::string_view cache, const void* object);

// Fails a CHECK that says the fault.
void StopOnFault(ObjectFault fault, std::string_view cache, const void* object);

}  // namespace mm
