#include "kernel/mm/regions/frame_window.h"

#include <bit>
#include <cstring>

#include "kernel/base/check.h"

namespace mm {

FrameWindow FrameWindows::OpenSlot(const locking::CpuPin& pin, FrameNumber frame) {
  uint32_t& open = cpus_[pin.index()].open;
  const unsigned index = static_cast<unsigned>(std::countr_one(open));
  CHECK(index < kSlotsPerCpu);
  open |= uint32_t{1} << index;
  const unsigned slot = pin.index() * kSlotsPerCpu + index;
  return {MapSlot(slot, frame), *this, slot};
}

void FrameWindows::CloseSlot(unsigned slot) {
  UnmapSlot(slot);
  cpus_[slot / kSlotsPerCpu].open &= ~(uint32_t{1} << slot % kSlotsPerCpu);
}

void FrameWindows::Fill(FrameNumber frame, std::byte value) {
  const locking::CpuPin pin;
  const FrameWindow window = Open(pin, frame);
  std::memset(window.data(), std::to_integer<int>(value), kPageSize);
}

void FrameWindows::CopyThroughSlots(FrameNumber to, FrameNumber from) {
  const locking::CpuPin pin;
  const FrameWindow source = Open(pin, from);
  const FrameWindow target = Open(pin, to);
  base::CopyWholePage(target.data(), source.data());
}

unsigned FrameWindows::open_slots() const {
  unsigned count = 0;
  for (const CpuSlots& cpu : cpus_) count += static_cast<unsigned>(std::popcount(cpu.open));
  return count;
}

}  // namespace mm
