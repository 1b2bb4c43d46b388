// Page frames: a buddy allocator of orders 0 to 10 over three zones.
//
// Starting it takes the same time on every machine: descriptors are initialised a block of 4 MiB at
// a time, when a zone runs dry. What counts as allocatable is what the memory map calls usable;
// after Create() the map's usable memory belongs to the allocator and may not be reserved any more.
//
// Not locked: one processor, or the caller's lock.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/address.h"
#include "kernel/mm/frame_descriptor.h"
#include "kernel/mm/memory_map.h"

namespace mm {

enum class ZoneKind : uint8_t {
  kDma,     // what devices with short addresses reach
  kNormal,  // the rest of the direct map
  kHigh,    // beyond the direct map
};
inline constexpr size_t kZoneCount = 3;

[[nodiscard]] std::string_view ZoneName(ZoneKind kind);

// Where zones begin; multiples of 2^kMaxOrder frames. A zone may be empty.
struct ZoneLimits {
  FrameNumber normal_first;
  FrameNumber high_first;
};

struct ZoneStatistics {
  PageCount usable;                               // all frames that are or were free
  PageCount free;                                 // the unprepared ones included
  PageCount unprepared;                           // free, with descriptors not yet initialised
  std::array<uint64_t, kOrderCount> free_blocks;  // by order, unprepared frames not included
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

class FrameAllocator {
 public:
  static constexpr PageCount kMaxRun{uint64_t{1} << kMaxOrder};

  // How many descriptors the memory in `map` takes.
  [[nodiscard]] static size_t DescriptorsFor(const MemoryMap& map);

  // `storage` need not be initialised. It and `map` must outlive the allocator. Errors:
  // kNotAligned (zone limits), kInvalidArgument (too few descriptors), kOutOfRange (more than 16
  // TiB from the first to the last frame).
  [[nodiscard]] static base::Result<FrameAllocator> Create(const MemoryMap& map,
                                                           const ZoneLimits& limits,
                                                           std::span<FrameDescriptor> storage);

  // `pages` contiguous frames aligned to the next power of two, from zone `highest` or one below
  // it. Contents are arbitrary. Errors: kOutOfMemory, kInvalidArgument (none, or more than
  // kMaxRun). O(1), and once for each block O(2^kMaxOrder).
  [[nodiscard]] base::Result<FrameNumber> Allocate(PageCount pages, ZoneKind highest);

  // Takes back a whole run. A refused free changes nothing. O(1).
  [[nodiscard]] std::expected<void, FreeFault> Free(FrameNumber first, PageCount pages);

  [[nodiscard]] ZoneStatistics Statistics(ZoneKind kind) const;
  [[nodiscard]] PageCount FreePages() const;

  // kCorrupt when lists, descriptors and counters disagree, or two free buddies were not merged.
  // O(frames prepared).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  struct Zone {
    FrameNumber first;
    FrameNumber limit;     // the first frame beyond
    FrameNumber prepared;  // descriptors below this frame are initialised
    PageCount usable;
    PageCount unprepared;
    PageCount listed;        // free, in a list
    uint32_t filled_orders;  // bit n: the list of order n is not empty
    std::array<uint32_t, kOrderCount> heads;
    std::array<uint64_t, kOrderCount> lengths;
  };

  FrameAllocator(const MemoryMap& map, std::span<FrameDescriptor> storage, FrameNumber first);

  void AddZone(ZoneKind kind, FrameNumber first, FrameNumber limit);
  [[nodiscard]] Zone& ZoneOf(FrameNumber frame);

  [[nodiscard]] bool PrepareBlock(Zone& zone);
  void SkipHoles(Zone& zone, FrameNumber block);
  void InitializeBlock(Zone& zone, FrameNumber block);
  void AddFreeFrames(Zone& zone, FrameNumber first, PageCount pages);

  [[nodiscard]] bool TakeBlock(Zone& zone, unsigned order, uint32_t& index);
  void FreeBlock(Zone& zone, uint32_t index, unsigned order);
  void Link(Zone& zone, uint32_t index, unsigned order);
  void Unlink(Zone& zone, uint32_t index);
  [[nodiscard]] FreeFault ExplainRefusal(uint32_t index) const;

  [[nodiscard]] bool AreListsSound(const Zone& zone) const;
  [[nodiscard]] bool AreBlocksSound(const Zone& zone) const;
  [[nodiscard]] bool IsBlockSound(FrameNumber block, PageCount& free, PageCount& allocated) const;
  [[nodiscard]] PageCount UsableIn(FrameNumber first, FrameNumber limit) const;

  [[nodiscard]] uint32_t IndexOf(FrameNumber frame) const {
    return static_cast<uint32_t>((frame - first_).value);
  }
  [[nodiscard]] FrameNumber FrameAt(uint32_t index) const { return first_ + PageCount{index}; }

  const MemoryMap* map_;
  std::span<FrameDescriptor> descriptors_;
  FrameNumber first_;  // the frame of descriptors_[0], the first of a block
  std::array<Zone, kZoneCount> zones_{};
};

}  // namespace mm
