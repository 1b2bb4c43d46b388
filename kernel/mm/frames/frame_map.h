// The memory map as the frame allocator reads it: frames counted from its first, under a lock.
#pragma once

#include <cstdint>

#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

inline constexpr uint32_t kNoFrame = 0xFFFF'FFFF;

class FrameMap {
 public:
  // Frame 0 is `first`; `map` must outlive this.
  FrameMap(MemoryMap& map, FrameNumber first) : map_(&map), first_(first) {}
  FrameMap(const FrameMap&) = delete;
  FrameMap& operator=(const FrameMap&) = delete;

  // Calls back for each run {first, pages} of usable frames from `first` up to before `limit`,
  // ascending, with the lock held. O(log n) and the regions visited.
  void ForEachUsable(uint32_t first, uint32_t limit,
                     base::FunctionRef<void(uint32_t first, uint32_t pages)> visit) EXCLUDES(lock_);

  // How many usable frames there are from `first` up to before `limit`.
  [[nodiscard]] uint32_t UsableIn(uint32_t first, uint32_t limit) EXCLUDES(lock_);

  // The lowest usable frame not below `frame`, or kNoFrame.
  [[nodiscard]] uint32_t NextUsable(uint32_t frame) EXCLUDES(lock_);

  // O(1) for frames of the run found last.
  [[nodiscard]] bool IsUsable(uint32_t frame) EXCLUDES(lock_);

  // Gives usable frames another state. Errors: what MemoryMap::Reserve() says.
  [[nodiscard]] base::Result<> Reserve(uint32_t first, uint32_t pages, MemoryState state)
      EXCLUDES(lock_);

  [[nodiscard]] FrameNumber first() const { return first_; }
  [[nodiscard]] FrameNumber NumberOf(uint32_t frame) const { return first_ + PageCount{frame}; }

 private:
  locking::SpinLock lock_;
  MemoryMap* const map_ PT_GUARDED_BY(lock_);
  const FrameNumber first_;
  // Usable, and found last.
  uint32_t found_first_ GUARDED_BY(lock_) = 0;
  uint32_t found_frames_ GUARDED_BY(lock_) = 0;
};

}  // namespace mm
