// Reaching the bytes of any frame. Where the direct map shows it, that is arithmetic; else the
// frame is mapped for a moment at one of the current processor's own addresses, its windows.
//
//   const locking::CpuPin pin;
//   const FrameWindow window = windows.Open(pin, frame);
//   use(window.bytes());
//
// No lock: each processor has slots of its own, and stays on its processor while one is open.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/base/whole_page.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/sync/cpu.h"
#include "kernel/sync/cpu_count.h"

namespace mm {

static_assert(kPageSize == base::kWholePageBytes);

class FrameWindows;

// A frame's bytes, while it lives. Closed on the processor that opened it, before its pin ends.
class FrameWindow {
 public:
  FrameWindow(FrameWindow&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)),
        windows_(std::exchange(other.windows_, nullptr)),
        slot_(other.slot_) {}
  FrameWindow& operator=(FrameWindow&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(windows_, other.windows_);
    std::swap(slot_, other.slot_);
    return *this;
  }
  inline ~FrameWindow();

  [[nodiscard]] std::span<std::byte, kPageSize> bytes() const {
    return std::span<std::byte, kPageSize>(static_cast<std::byte*>(data_), kPageSize);
  }
  [[nodiscard]] void* data() const { return data_; }

 private:
  friend class FrameWindows;
  explicit FrameWindow(void* data) : data_(data) {}
  FrameWindow(void* data, FrameWindows& windows, unsigned slot)
      : data_(data), windows_(&windows), slot_(slot) {}

  void* data_;
  FrameWindows* windows_ = nullptr;  // none: nothing to close
  unsigned slot_ = 0;
};

// Where the slots are mapped; see frame_window_slots.h.
class FrameWindows {
 public:
  // So many may be open at once on one processor: a copy needs two, an interrupt's handler as many
  // on top.
  static constexpr unsigned kSlotsPerCpu = 8;
  static constexpr unsigned kSlots = kSlotsPerCpu * locking::kMaxCpus;

  FrameWindows(const FrameWindows&) = delete;
  FrameWindows& operator=(const FrameWindows&) = delete;

  // Never fails: tables for the slots are there from the start. CHECKed: a slot is free.
  [[nodiscard]] FrameWindow Open(const locking::CpuPin& pin, FrameNumber frame) {
    if (frames_.HasPointer(frame)) return FrameWindow(frames_.Pointer(frame));
    return OpenSlot(pin, frame);
  }

  // Whole frames.
  void Fill(FrameNumber frame, std::byte value);
  void Zero(FrameNumber frame) {
    if (!frames_.HasPointer(frame)) return Fill(frame, std::byte{0});
    base::ZeroWholePage(frames_.Pointer(frame));
  }
  void Copy(FrameNumber to, FrameNumber from) {
    if (!frames_.HasPointer(to) || !frames_.HasPointer(from)) return CopyThroughSlots(to, from);
    base::CopyWholePage(frames_.Pointer(to), frames_.Pointer(from));
  }

  // Windows open on all processors that are not the direct map's.
  [[nodiscard]] unsigned open_slots() const;

 protected:
  explicit FrameWindows(const FrameTable& frames) : frames_(frames) {}
  ~FrameWindows() = default;

  // Maps the frame at a slot that maps nothing, and returns its address; unmaps it again, and makes
  // this processor forget it.
  virtual void* MapSlot(unsigned slot, FrameNumber frame) = 0;
  virtual void UnmapSlot(unsigned slot) = 0;

 private:
  friend class FrameWindow;
  void CopyThroughSlots(FrameNumber to, FrameNumber from);
  [[nodiscard]] FrameWindow OpenSlot(const locking::CpuPin& pin, FrameNumber frame);
  void CloseSlot(unsigned slot);

  static constexpr size_t kCacheLineBytes = 64;
  struct alignas(kCacheLineBytes) CpuSlots {
    uint32_t open = 0;  // a bit for each slot
  };

  const FrameTable& frames_;
  std::array<CpuSlots, locking::kMaxCpus> cpus_;
};

FrameWindow::~FrameWindow() {
  if (windows_ != nullptr) windows_->CloseSlot(slot_);
}

}  // namespace mm
