#include "kernel/mm/frame_cache.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace mm {
namespace {

// A block with no more free frames than this counts as full: to hand them out again keeps no other
// block from draining.
constexpr uint32_t kNearlyFull = 32;
// Runs go back to a block that is nearly free.
constexpr uint32_t kNearlyFree = kBlockFrames / 8;

// A processor keeps at most this part of a zone in runs of each order.
constexpr uint32_t kShareKept = 64;

}  // namespace

FrameCache::FrameCache(FrameAllocator& frames, std::span<FrameCpu> cpus)
    : frames_(frames), marks_(frames.marks()), first_(frames.first().value), cpus_(cpus) {
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    const uint32_t share = frames_.zone(kind).usable() / kShareKept;
    for (unsigned order = 0; order <= kBlockOrder; ++order) {
      const uint32_t pages = uint32_t{1} << order;
      const uint32_t limit = kBlockFrames - std::min(kBlockFrames, kNearlyFree + pages);
      const uint32_t most = order == 0 ? kMaxKept[0] : std::max(share >> order, uint32_t{1});
      for (FrameCpu& cpu : cpus_) {
        Zone& zone = cpu.zones_[kind];
        zone.full_enough[order] = static_cast<uint16_t>(limit);
        zone.most[order] = static_cast<uint8_t>(std::min<uint32_t>(most, kMaxKept[order]));
      }
    }
  }
}

base::Result<FrameNumber> FrameCache::AllocateSlowly(FrameCpu& cpu, unsigned order,
                                                     ZoneKind highest) {
  uint32_t run = TryAllocate(cpu, order, highest);
  if (run == kNoFrame) {
    // What this processor keeps may make up a run.
    DrainCpu(cpu);
    run = TryAllocate(cpu, order, highest);
  }
  if (run == kNoFrame) return std::unexpected(base::Error::kOutOfMemory);
  return frames_.NumberOf(run);
}

uint32_t FrameCache::TryAllocate(FrameCpu& cpu, unsigned order, ZoneKind highest) {
  for (size_t kind = static_cast<size_t>(highest) + 1; kind-- > 0;) {
    Zone& zone = cpu.zones_.data()[kind];
    uint32_t count = zone.Count(order);
    if (count == 0) count = Refill(cpu, kind, order);
    if (count == 0) continue;
    const uint32_t run = zone.Slots(order)[count - 1];
    zone.SetCount(order, count - 1);
    --cpu.SeenCount(run, order);
    return run;
  }
  return kNoFrame;
}

// Fills the empty stack. Returns how many there are then.
uint32_t FrameCache::Refill(FrameCpu& cpu, size_t kind, unsigned order) {
  FrameZone& source = frames_.zone(kind);
  Zone& zone = cpu.zones_.data()[kind];
  if (!source.HasFree()) return 0;
  uint32_t* const runs = zone.Slots(order);
  const uint32_t wanted = (zone.most[order] + 1U) / 2;
  uint32_t count = 0;
  if (order == 0) {
    uint32_t left = 0;
    count = source.TakeFrames(wanted, runs + wanted - 1, left);
    std::memmove(runs, runs + wanted - count, count * sizeof(uint32_t));
    zone.full_enough[0] = static_cast<uint16_t>(std::max(left, kNearlyFull));
  } else {
    count = source.TakeRuns(order, wanted, runs);
    std::reverse(runs, runs + count);
  }
  for (uint32_t i = 0; i < count; ++i) ++cpu.SeenCount(runs[i], order);
  zone.SetCount(order, count);
  return count;
}

std::expected<void, FreeFault> FrameCache::FreeSlowly(FrameCpu& cpu, FrameNumber number,
                                                      unsigned order) {
  const PageCount pages{uint64_t{1} << order};
  const uint64_t index = number.value - first_;
  if (index >= frames_.frames()) return std::unexpected(FreeFault::kOutOfRange);
  const uint32_t frame = static_cast<uint32_t>(index);
  const size_t kind = frames_.ZoneOf(frame);
  const FrameZone& source = frames_.zone(kind);
  const uint32_t prepared = source.prepared();
  if (frame >= prepared || frame % pages.value != 0 ||
      !marks_.IsAllocatedRun(frame, order, kBlockFrames, prepared)) [[unlikely]] {
    if (const auto fault = frames_.FindFault(number, pages)) return std::unexpected(*fault);
    if (frame % pages.value != 0) return frames_.FreeRun(number, pages);
  }
  Zone& zone = cpu.zones_.data()[kind];
  if (Holds(cpu, zone, frame, order)) return std::unexpected(FreeFault::kDoubleFree);
  cpu.home_ = &zone;
  cpu.home_first_ = source.first();
  cpu.home_frames_ = prepared - source.first();
  const uint32_t free_in_block = marks_.InfoOf(frame / kBlockFrames).free;
  if (free_in_block <= zone.full_enough.data()[order]) {
    Push(cpu, kind, order, frame);
  } else if (order == 0) {
    Push(cpu, kind, FrameCpu::kLeaving, frame);
  } else if (frames_.zone(kind).GiveRuns(order, &frame, 1) != 0) {
    return std::unexpected(FreeFault::kDoubleFree);
  }
  return {};
}

void FrameCache::Push(FrameCpu& cpu, size_t kind, unsigned stack, uint32_t run) {
  Zone& zone = cpu.zones_.data()[kind];
  const bool leaves = stack == FrameCpu::kLeaving;
  const uint32_t most = leaves ? kFrameBatch : zone.most.data()[stack];
  uint32_t count = zone.Count(stack);
  if (count >= most) [[unlikely]] {
    GiveBack(cpu, kind, stack, leaves ? count : most - most / 2);
    count = zone.Count(stack);
  }
  uint8_t& seen = cpu.SeenCount(run, leaves ? 0 : stack);
  if (seen == std::numeric_limits<uint8_t>::max()) [[unlikely]] {
    DrainCpu(cpu);
    count = 0;
  }
  ++seen;
  zone.Slots(stack)[count] = run;
  zone.SetCount(stack, count + 1);
}

// The `count` runs that are here longest.
void FrameCache::GiveBack(FrameCpu& cpu, size_t kind, unsigned stack, uint32_t count) {
  Zone& zone = cpu.zones_.data()[kind];
  uint32_t* const runs = zone.Slots(stack);
  FrameZone& source = frames_.zone(kind);
  const bool single = stack == 0 || stack == FrameCpu::kLeaving;
  for (uint32_t i = 0; i < count; ++i) --cpu.SeenCount(runs[i], single ? 0 : stack);
  const uint32_t refused =
      single ? source.GiveFrames(runs, count) : source.GiveRuns(stack, runs, count);
  if (refused != 0) late_faults_.fetch_add(refused, std::memory_order_relaxed);
  const uint32_t left = zone.Count(stack) - count;
  std::memmove(runs, runs + count, left * sizeof(uint32_t));
  zone.SetCount(stack, left);
}

bool FrameCache::Holds(FrameCpu& cpu, Zone& zone, uint32_t frame, unsigned order) {
  const auto is_in = [&zone, frame](unsigned stack) {
    const uint32_t* const runs = zone.Slots(stack);
    return std::find(runs, runs + zone.Count(stack), frame) != runs + zone.Count(stack);
  };
  return cpu.SeenCount(frame, order) != 0 &&
         (is_in(order) || (order == 0 && is_in(FrameCpu::kLeaving)));
}

bool FrameCache::Keeps(uint32_t frame, unsigned order) {
  const locking::CpuPin pin;
  FrameCpu& cpu = This(pin);
  return Holds(cpu, cpu.zones_[frames_.ZoneOf(frame)], frame, order);
}

void FrameCache::Drain() {
  const locking::CpuPin pin;
  DrainCpu(This(pin));
}

void FrameCache::DrainCpu(FrameCpu& cpu) {
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    for (unsigned stack = 0; stack <= FrameCpu::kLeaving; ++stack) {
      const uint32_t count = cpu.zones_[kind].Count(stack);
      if (count != 0) GiveBack(cpu, kind, stack, count);
    }
  }
}

PageCount FrameCache::Cached(ZoneKind kind) const {
  uint64_t pages = 0;
  for (const FrameCpu& cpu : cpus_) {
    const Zone& zone = cpu.zones_[static_cast<size_t>(kind)];
    pages += zone.Count(FrameCpu::kLeaving);
    for (unsigned order = 0; order <= kBlockOrder; ++order) {
      pages += uint64_t{zone.Count(order)} << order;
    }
  }
  return {pages};
}

base::Result<> FrameCache::CheckInvariants() {
  for (FrameCpu& cpu : cpus_) {
    std::array<uint8_t, FrameCpu::kHashes> seen{};
    for (size_t kind = 0; kind < kZoneCount; ++kind) {
      for (unsigned stack = 0; stack <= FrameCpu::kLeaving; ++stack) {
        const unsigned order = stack == FrameCpu::kLeaving ? 0 : stack;
        const uint32_t* const runs = cpu.zones_[kind].Slots(stack);
        for (uint32_t i = 0; i < cpu.zones_[kind].Count(stack); ++i) {
          const bool ours = runs[i] < frames_.frames() && frames_.ZoneOf(runs[i]) == kind;
          const PageCount pages{uint64_t{1} << order};
          if (!ours || frames_.FindFault(frames_.NumberOf(runs[i]), pages) ||
              std::find(runs, runs + i, runs[i]) != runs + i) {
            return std::unexpected(base::Error::kCorrupt);
          }
          ++seen[static_cast<size_t>(&cpu.SeenCount(runs[i], order) - cpu.seen_.data())];
        }
      }
    }
    if (seen != cpu.seen_) return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

}  // namespace mm
