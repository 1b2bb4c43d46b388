// What each processor keeps of the frame allocator for itself: some free frames and runs, and freed
// ones that it has not given back yet. Most allocations and frees touch nothing else, and no lock.
//
// A freed frame is handed out again by the same processor, while it is warm, if its block is as
// full as those that frames are taken from; otherwise it goes back with others, so that blocks that
// are nearly free can drain.
//
// For the zones, what is in here is allocated. That a frame is freed again while it is here is seen
// in a table of bits; while it is with another processor, when the second one goes back to its
// zone, which leaves it out and counts a late fault.
//
// No lock: each processor has its own part, and stays on it meanwhile.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_allocator.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/sync/cpu.h"
#include "kernel/sync/cpu_count.h"

namespace mm {

// How many runs of each order a processor keeps of a zone, at most, and how many frames it gives
// back at once.
inline constexpr std::array<uint8_t, kBlockOrder + 1> kMaxKept = {128, 128, 64, 64, 32,
                                                                  32,  32,  32, 16, 8};
inline constexpr uint32_t kFrameBatch = 64;

// Runs of one order, the one to use next last, in a part of the slots of a FrameCpu. Others may ask
// how many.
class RunStack {
 public:
  [[nodiscard]] uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  void SetCount(uint32_t count) { count_.store(count, std::memory_order_relaxed); }

 private:
  std::atomic<uint32_t> count_ = 0;
};

// One processor's part.
class alignas(64) FrameCpu {
 private:
  friend class FrameCache;

  // Where the runs of an order start among the slots; after those, single frames that leave.
  static constexpr std::array<uint16_t, kBlockOrder + 3> kFirstSlot = [] {
    std::array<uint16_t, kBlockOrder + 3> first{};
    for (unsigned order = 0; order <= kBlockOrder; ++order) {
      first[order + 1] = static_cast<uint16_t>(first[order] + kMaxKept[order]);
    }
    first[kBlockOrder + 2] = first[kBlockOrder + 1] + kFrameBatch;
    return first;
  }();
  static constexpr unsigned kLeaving = kBlockOrder + 1;

  struct Zone {
    // By order: blocks with at most so many free frames are as full as those that runs are taken
    // from.
    std::array<uint16_t, kBlockOrder + 1> full_enough;
    // How many runs to keep; kMaxKept, or less where memory is small.
    std::array<uint8_t, kBlockOrder + 1> most;
    std::array<RunStack, kBlockOrder + 2> counts;
    std::array<uint32_t, kFirstSlot.back()> slots;

    [[nodiscard]] uint32_t* Slots(unsigned stack) {
      return slots.data() + kFirstSlot.data()[stack];
    }
    [[nodiscard]] uint32_t Count(unsigned stack) const { return counts.data()[stack].count(); }
    void SetCount(unsigned stack, uint32_t count) { counts.data()[stack].SetCount(count); }
  };

  // Runs that are in here are known by a bit each, which a hash of the first frame chooses. There
  // are many more bits than runs; one whose bit is taken is not kept.
  static constexpr unsigned kHashBits = 15;
  static constexpr uint32_t kWordBits = 32;
  static constexpr size_t kSeenWords = (size_t{1} << kHashBits) / kWordBits;

  struct Seen {
    uint32_t* word;
    uint32_t bit;

    [[nodiscard]] bool IsSet() const { return (*word & bit) != 0; }
    void Set() const { *word |= bit; }
    void Clear() const { *word &= ~bit; }
  };
  // Frames that follow each other are far apart here: the golden ratio of 2^32.
  [[nodiscard]] Seen SeenBit(uint32_t frame) {
    constexpr uint32_t kGoldenRatio = 0x9E37'79B9;
    const uint32_t hash = frame * kGoldenRatio >> (32 - kHashBits);
    return {&seen_.data()[hash / kWordBits], uint32_t{1} << (hash % kWordBits)};
  }

  // The frames that are freed in few steps: the prepared ones of one zone, as of the last look.
  uint64_t home_first_ = 0;
  uint64_t home_frames_ = 0;
  Zone* home_ = nullptr;
  // By the highest zone asked for: the first that has memory, itself or one below it.
  std::array<Zone*, kZoneCount> first_asked_{};
  std::array<Zone, kZoneCount> zones_;
  std::array<uint32_t, kSeenWords> seen_{};
};

class FrameCache {
 public:
  // One part for each processor there is. `cpus` must outlive this.
  FrameCache(FrameAllocator& frames, std::span<FrameCpu> cpus);
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;

  // One frame, or an aligned run of 2^order frames, `order` <= kBlockOrder, from zone `highest` or
  // one below it. Error: kOutOfMemory, when there is none left for this processor. O(1).
  [[nodiscard]] base::Result<FrameNumber> AllocateFrame(ZoneKind highest) {
    return AllocateRun(0, highest);
  }
  [[nodiscard]] base::Result<FrameNumber> AllocateRun(unsigned order, ZoneKind highest) {
    const locking::CpuPin pin;
    FrameCpu& cpu = This(pin);
    Zone& zone = *cpu.first_asked_.data()[static_cast<size_t>(highest)];
    const uint32_t count = zone.Count(order);
    if (count == 0) [[unlikely]]
      return AllocateSlowly(cpu, order, highest);
    const uint32_t run = zone.Slots(order)[count - 1];
    zone.SetCount(order, count - 1);
    cpu.SeenBit(run).Clear();
    return FrameNumber{first_ + run};
  }

  // O(1).
  [[nodiscard]] std::expected<void, FreeFault> FreeFrame(FrameNumber number) {
    const locking::CpuPin pin;
    FrameCpu& cpu = This(pin);
    const uint64_t index = number.value - first_;  // wraps for frames below the first
    if (index - cpu.home_first_ >= cpu.home_frames_) [[unlikely]] {
      return FreeSlowly(cpu, number, 0);
    }
    const uint32_t frame = static_cast<uint32_t>(index);
    Zone& zone = *cpu.home_;
    if (cpu.SeenBit(frame).IsSet() || !marks_.IsAllocatedFrame(frame, kBlockFrames)) [[unlikely]] {
      return FreeSlowly(cpu, number, 0);
    }
    // It stays if its block is as full as any. Two branches: the choice is well predicted, and what
    // follows need not wait for it.
    if (marks_.InfoOf(frame / kBlockFrames).free > zone.full_enough[0]) [[unlikely]] {
      return PushFrame(cpu, zone, FrameCpu::kLeaving, kFrameBatch, frame);
    }
    return PushFrame(cpu, zone, 0, zone.most[0], frame);
  }
  // A run of 2^order frames, `order` <= kBlockOrder. What is not aligned to its size is refused, or
  // given back at once.
  [[nodiscard]] std::expected<void, FreeFault> FreeRun(FrameNumber number, unsigned order) {
    const locking::CpuPin pin;
    FrameCpu& cpu = This(pin);
    const uint64_t index = number.value - first_;
    if (index - cpu.home_first_ >= cpu.home_frames_) [[unlikely]] {
      return FreeSlowly(cpu, number, order);
    }
    const uint32_t frame = static_cast<uint32_t>(index);
    const uint32_t after = frame + (1U << order);
    if (order > kRowOrder || after % kBlockFrames == 0) {
      return order == kBlockOrder ? FreeBlock(cpu, frame) : FreeLongRun(cpu, frame, order);
    }
    Zone& zone = *cpu.home_;
    if (!HasRoomFor(cpu, zone, frame, order) ||
        !marks_.IsAllocatedShortRun(frame, order, zone.full_enough.data()[order])) [[unlikely]] {
      return FreeSlowly(cpu, number, order);
    }
    Keep(cpu, zone, frame, order);
    return {};
  }

  // Whether this processor keeps a run of 2^order frames that starts here.
  [[nodiscard]] bool Keeps(uint32_t frame, unsigned order);

  // Gives back everything that this processor keeps.
  void Drain();

  // Of all processors, counted while they go on.
  [[nodiscard]] PageCount Cached(ZoneKind kind) const;
  // Frames that two processors freed at the same time: each was given back once.
  [[nodiscard]] uint64_t late_faults() const {
    return late_faults_.load(std::memory_order_relaxed);
  }

  // kCorrupt when something kept is not allocated as the zones see it, or is kept twice. Nobody
  // changes anything meanwhile.
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  using Zone = FrameCpu::Zone;

  [[nodiscard]] FrameCpu& This(const locking::CpuPin& pin) const {
    return cpus_.data()[pin.index()];
  }
  // Whether a run may be added to its stack in few steps.
  [[nodiscard]] static bool HasRoomFor(FrameCpu& cpu, const Zone& zone, uint32_t frame,
                                       unsigned order) {
    return !cpu.SeenBit(frame).IsSet() && zone.Count(order) < zone.most.data()[order] &&
           (frame & ((1U << order) - 1)) == 0;
  }
  // Calls `visit` with the zone's number, the order and the first frame of each run that is kept.
  template <class Visit>
  static void ForEachKept(FrameCpu& cpu, Visit&& visit);
  static void Keep(FrameCpu& cpu, Zone& zone, uint32_t frame, unsigned stack) {
    const uint32_t count = zone.Count(stack);
    cpu.SeenBit(frame).Set();
    zone.Slots(stack)[count] = frame;
    zone.SetCount(stack, count + 1);
  }
  // Adds to a stack of single frames, if there is room.
  std::expected<void, FreeFault> PushFrame(FrameCpu& cpu, Zone& zone, unsigned stack, uint32_t most,
                                           uint32_t frame) {
    if (zone.Count(stack) == most) [[unlikely]]
      return FreeSlowly(cpu, FrameNumber{first_ + frame}, 0);
    Keep(cpu, zone, frame, stack);
    return {};
  }
  void Push(FrameCpu& cpu, size_t kind, unsigned stack, uint32_t run);
  [[nodiscard]] base::Result<FrameNumber> AllocateSlowly(FrameCpu& cpu, unsigned order,
                                                         ZoneKind highest);
  // Runs of the processor's home that are a block; others that are longer than a row, or end with
  // their block.
  [[nodiscard]] std::expected<void, FreeFault> FreeBlock(FrameCpu& cpu, uint32_t frame);
  [[nodiscard]] std::expected<void, FreeFault> FreeLongRun(FrameCpu& cpu, uint32_t frame,
                                                           unsigned order);
  [[nodiscard]] std::expected<void, FreeFault> FreeSlowly(FrameCpu& cpu, FrameNumber number,
                                                          unsigned order);
  [[nodiscard]] uint32_t TryAllocate(FrameCpu& cpu, unsigned order, ZoneKind highest);
  [[nodiscard]] uint32_t Refill(FrameCpu& cpu, size_t kind, unsigned order);
  void GiveBack(FrameCpu& cpu, size_t kind, unsigned stack, uint32_t count);
  // Straight to the zone. Returns how many were refused.
  [[nodiscard]] uint32_t Return(size_t kind, unsigned order, const uint32_t* runs, uint32_t count);
  void CountLateFaults(uint32_t refused) {
    if (refused != 0) late_faults_.fetch_add(refused, std::memory_order_relaxed);
  }
  [[nodiscard]] static bool Holds(FrameCpu& cpu, Zone& zone, uint32_t frame, unsigned order);
  void DrainCpu(FrameCpu& cpu);

  FrameAllocator& frames_;
  const FrameMarks marks_;
  const uint64_t first_;  // the number of frame 0
  const std::span<FrameCpu> cpus_;
  std::atomic<uint64_t> late_faults_ = 0;
};

}  // namespace mm
