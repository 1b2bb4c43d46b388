// Early frames, before there is a frame allocator: straight from the memory map.
//
// Frames come from the top of what the boot tables reach, so that what devices with short addresses
// need stays free. There is no free: what is taken is recorded in the map for good.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace mm {

class BootAllocator {
 public:
  // `map` must outlive the allocator. Only pages wholly in `reachable` are given out.
  BootAllocator(MemoryMap& map, const PhysRange& reachable) : map_(map), reachable_(reachable) {}

  // `pages` contiguous pages whose base is a multiple of `alignment` bytes (a power of two, at
  // least a page), not zeroed, marked in the map as `state`. Errors: kInvalidArgument (no pages, or
  // a wrong alignment), kOutOfMemory (no such run, or no room in the map).
  [[nodiscard]] base::Result<PhysRange> Allocate(PageCount pages, uint64_t alignment,
                                                 MemoryState state);

 private:
  MemoryMap& map_;
  PhysRange reachable_;
};

}  // namespace mm
