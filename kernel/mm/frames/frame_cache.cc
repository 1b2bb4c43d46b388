#include "kernel/mm/frames/frame_cache.h"

#include <algorithm>
#include <cstring>

namespace mm {
namespace {

// A block with no more free frames than this counts as full: to hand them out again keeps no other
// block from draining.
constexpr uint32_t kNearlyFull = 32;
// Runs go back to a block that is nearly free.
constexpr uint32_t kNearlyFree = kBlockFrames / 8;

// A processor keeps at most this part of a zone in frames, and in runs of each order.
constexpr uint32_t kShareKept = 64;

}  // namespace

FrameCache::FrameCache(FrameAllocator& frames, std::span<FrameCpu> cpus)
    : frames_(frames), marks_(frames.marks()), first_(frames.first().value), cpus_(cpus) {
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    const uint32_t share = frames_.zone(kind).usable() / kShareKept;
    for (unsigned order = 0; order <= kBlockOrder; ++order) {
      const uint32_t pages = uint32_t{1} << order;
      const uint32_t limit = kBlockFrames - std::min(kBlockFrames, kNearlyFree + pages);
      const uint32_t most = std::max(share >> order, uint32_t{1});
      for (FrameCpu& cpu : cpus_) {
        Zone& zone = cpu.zones_[kind];
        zone.full_enough[order] = static_cast<uint16_t>(limit);
        zone.most[order] = static_cast<uint8_t>(std::min<uint32_t>(most, kMaxKept[order]));
      }
    }
  }
  for (FrameCpu& cpu : cpus_) {
    size_t first = 0;
    for (size_t kind = 0; kind < kZoneCount; ++kind) {
      if (frames_.zone(kind).usable() > 0) first = kind;
      cpu.first_asked_[kind] = &cpu.zones_[first];
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
    const uint32_t count = zone.Count(order);
    if (count == 0) {
      const uint32_t run = Refill(cpu, kind, order);
      if (run == kNoFrame) continue;
      return run;
    }
    const uint32_t run = zone.Slots(order)[count - 1];
    zone.SetCount(order, count - 1);
    cpu.SeenBit(run).Clear();
    return run;
  }
  return kNoFrame;
}

// Takes runs from the zone: one for the caller, or kNoFrame when there is none, and others for the
// empty stack.
uint32_t FrameCache::Refill(FrameCpu& cpu, size_t kind, unsigned order) {
  FrameZone& source = frames_.zone(kind);
  Zone& zone = cpu.zones_.data()[kind];
  if (!source.HasFree()) return kNoFrame;
  uint32_t* const runs = zone.Slots(order);
  // Two whole rows of single frames: what a refill costs is shared by all of them.
  const uint32_t wanted = order == 0 ? zone.most[0] : (zone.most[order] + 1U) / 2;
  uint32_t count = 0;
  if (order == 0) {
    uint32_t left = 0;
    count = source.TakeFrames(wanted, runs + wanted - 1, left);
    if (count != wanted) std::memmove(runs, runs + wanted - count, count * sizeof(uint32_t));
    zone.full_enough[0] = static_cast<uint16_t>(std::max(left, kNearlyFull));
  } else {
    count = source.TakeRuns(order, wanted, runs);
    std::reverse(runs, runs + count);
  }
  if (count == 0) return kNoFrame;
  const uint32_t run = runs[count - 1];
  // In most refills no bit is taken, and all stay where they are: a loop of its own, which saves a
  // twentieth.
  uint32_t kept = 0;
  while (kept < count - 1) {
    const FrameCpu::Seen seen = cpu.SeenBit(runs[kept]);
    if (seen.IsSet()) [[unlikely]]
      break;
    seen.Set();
    ++kept;
  }
  for (uint32_t i = kept; i < count - 1; ++i) {
    const FrameCpu::Seen seen = cpu.SeenBit(runs[i]);
    if (seen.IsSet()) {
      CountLateFaults(Return(kind, order, &runs[i], 1));
      continue;
    }
    seen.Set();
    runs[kept++] = runs[i];
  }
  zone.SetCount(order, kept);
  return run;
}

std::expected<void, FreeFault> FrameCache::FreeBlock(FrameCpu& cpu, uint32_t frame) {
  Zone& zone = *cpu.home_;
  const uint32_t limit = static_cast<uint32_t>(cpu.home_first_ + cpu.home_frames_);
  if (!HasRoomFor(cpu, zone, frame, kBlockOrder) || !marks_.IsAllocatedBlock(frame, limit)) {
    return FreeSlowly(cpu, FrameNumber{first_ + frame}, kBlockOrder);
  }
  Keep(cpu, zone, frame, kBlockOrder);
  return {};
}

std::expected<void, FreeFault> FrameCache::FreeLongRun(FrameCpu& cpu, uint32_t frame,
                                                       unsigned order) {
  Zone& zone = *cpu.home_;
  const uint32_t limit = static_cast<uint32_t>(cpu.home_first_ + cpu.home_frames_);
  if (!HasRoomFor(cpu, zone, frame, order) ||
      !marks_.IsAllocatedRun(frame, order, zone.full_enough.data()[order], limit)) {
    return FreeSlowly(cpu, FrameNumber{first_ + frame}, order);
  }
  Keep(cpu, zone, frame, order);
  return {};
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
  const bool is_beside_others =
      order == 0 && frame < prepared && frames_.IsAllocatedBesideOthers(frame);
  if (!is_beside_others && (frame >= prepared || frame % pages.value != 0 ||
                            !marks_.IsAllocatedRun(frame, order, kBlockFrames, prepared))) {
    if (const auto fault = frames_.FindFault(number, pages)) return std::unexpected(*fault);
    if (frame % pages.value != 0) return frames_.FreeRun(number, pages);
  }
  Zone& zone = cpu.zones_.data()[kind];
  if (Holds(cpu, zone, frame, order)) return std::unexpected(FreeFault::kDoubleFree);
  cpu.home_ = &zone;
  cpu.home_first_ = source.first();
  cpu.home_frames_ = prepared - source.first();
  const bool stays = marks_.InfoOf(frame / kBlockFrames).free <= zone.full_enough.data()[order];
  // Another run may have its bit.
  if (cpu.SeenBit(frame).IsSet() || (!stays && order != 0)) {
    if (Return(kind, order, &frame, 1) != 0) return std::unexpected(FreeFault::kDoubleFree);
  } else {
    Push(cpu, kind, stays ? order : FrameCpu::kLeaving, frame);
  }
  return {};
}

void FrameCache::Push(FrameCpu& cpu, size_t kind, unsigned stack, uint32_t run) {
  Zone& zone = cpu.zones_.data()[kind];
  const bool leaves = stack == FrameCpu::kLeaving;
  const uint32_t most = leaves ? kFrameBatch : zone.most.data()[stack];
  const uint32_t count = zone.Count(stack);
  if (count >= most) GiveBack(cpu, kind, stack, leaves ? count : most - most / 2);
  Keep(cpu, zone, run, stack);
}

// The `count` runs that are here longest.
void FrameCache::GiveBack(FrameCpu& cpu, size_t kind, unsigned stack, uint32_t count) {
  Zone& zone = cpu.zones_.data()[kind];
  uint32_t* const runs = zone.Slots(stack);
  const unsigned order = stack == FrameCpu::kLeaving ? 0 : stack;
  for (uint32_t i = 0; i < count; ++i) cpu.SeenBit(runs[i]).Clear();
  CountLateFaults(Return(kind, order, runs, count));
  const uint32_t left = zone.Count(stack) - count;
  std::memmove(runs, runs + count, left * sizeof(uint32_t));
  zone.SetCount(stack, left);
}

uint32_t FrameCache::Return(size_t kind, unsigned order, const uint32_t* runs, uint32_t count) {
  FrameZone& zone = frames_.zone(kind);
  return order == 0 ? zone.GiveFrames(runs, count) : zone.GiveRuns(order, runs, count);
}

bool FrameCache::Holds(FrameCpu& cpu, Zone& zone, uint32_t frame, unsigned order) {
  const auto is_in = [&zone, frame](unsigned stack) {
    const uint32_t* const runs = zone.Slots(stack);
    return std::find(runs, runs + zone.Count(stack), frame) != runs + zone.Count(stack);
  };
  return cpu.SeenBit(frame).IsSet() && (is_in(order) || (order == 0 && is_in(FrameCpu::kLeaving)));
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

template <class Visit>
void FrameCache::ForEachKept(FrameCpu& cpu, Visit&& visit) {
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    Zone& zone = cpu.zones_[kind];
    for (unsigned stack = 0; stack <= FrameCpu::kLeaving; ++stack) {
      const unsigned order = stack == FrameCpu::kLeaving ? 0 : stack;
      for (const uint32_t run : std::span(zone.Slots(stack), zone.Count(stack))) {
        visit(kind, order, run);
      }
    }
  }
}

// Each run takes its bit away, which must still be there, and gets it back: a kernel stack has no
// room for as many bits again.
base::Result<> FrameCache::CheckInvariants() {
  bool is_sound = true;
  for (FrameCpu& cpu : cpus_) {
    ForEachKept(cpu, [&](size_t kind, unsigned order, uint32_t run) {
      const FrameCpu::Seen bit = cpu.SeenBit(run);
      const bool is_ours = run < frames_.frames() && frames_.ZoneOf(run) == kind;
      is_sound = is_sound && is_ours && bit.IsSet() &&
                 !frames_.FindFault(frames_.NumberOf(run), PageCount{uint64_t{1} << order});
      bit.Clear();
    });
    is_sound = is_sound && std::ranges::all_of(cpu.seen_, [](uint32_t word) { return word == 0; });
    ForEachKept(cpu, [&](size_t, unsigned, uint32_t run) { cpu.SeenBit(run).Set(); });
  }
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
