// A small array as memory for page tables, for tests that also run in a kernel. Physical addresses
// are offsets into it.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_work.h"
#include "kernel/mm/test_failures.h"

namespace mm {

template <size_t kSlots>
class PageTableArenaOf {
 public:
  static constexpr uint64_t kSlotBytes = 1024;  // the smallest table of any architecture

  base::Result<PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    const size_t slots = static_cast<size_t>(base::DivideRoundUp(bytes, kSlotBytes));
    const size_t step = alignment > kSlotBytes ? static_cast<size_t>(alignment / kSlotBytes) : 1;
    for (size_t first = 0; first + slots <= kSlots; first += step) {
      if (!AreFree(first, slots)) continue;
      for (size_t i = first; i < first + slots; ++i) {
        taken_[i] = true;
        memory_[i].fill(std::byte{0});
      }
      return PhysAddr{first * kSlotBytes};
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }

  void FreeTable(PhysAddr pa, uint64_t bytes) {
    const size_t first = static_cast<size_t>(pa.value / kSlotBytes);
    const size_t slots = static_cast<size_t>(base::DivideRoundUp(bytes, kSlotBytes));
    for (size_t i = first; i < first + slots; ++i) {
      CHECK(taken_[i]);
      taken_[i] = false;
    }
  }

  void FreeZeroedTable(PhysAddr pa, uint64_t bytes) {
    const size_t first = static_cast<size_t>(pa.value / kSlotBytes);
    const auto is_zero = [](std::byte byte) { return byte == std::byte{0}; };
    const std::span table(memory_[first].data(), static_cast<size_t>(bytes));
    CHECK(std::ranges::all_of(table, is_zero));
    FreeTable(pa, bytes);
  }

  void* Pointer(PhysAddr pa) { return &memory_[static_cast<size_t>(pa.value / kSlotBytes)]; }

  void Publish(const VirtRange& range) { published_ = range; }
  void Invalidate(const TlbWork& work) {
    invalidated_ = work.stretches.empty() ? VirtRange{} : work.stretches.back().range;
    ++invalidations_;
  }

  // One entry of a table.
  template <class Entry>
  Entry Read(PhysAddr table, uint64_t index) {
    return static_cast<const Entry*>(Pointer(table))[index];
  }

  [[nodiscard]] size_t taken_slots() const {
    size_t count = 0;
    for (const bool taken : taken_) count += taken ? 1 : 0;
    return count;
  }
  // The last ranges announced: what was invalidated is empty unless it went page by page.
  [[nodiscard]] VirtRange published() const { return published_; }
  [[nodiscard]] VirtRange invalidated() const { return invalidated_; }
  // Rounds of invalidation.
  [[nodiscard]] size_t invalidations() const { return invalidations_; }

  FailurePoint failure;

 private:
  [[nodiscard]] bool AreFree(size_t first, size_t slots) const {
    for (size_t i = first; i < first + slots; ++i) {
      if (taken_[i]) return false;
    }
    return true;
  }

  alignas(16384) std::array<std::array<std::byte, kSlotBytes>, kSlots> memory_{};
  std::array<bool, kSlots> taken_{};
  VirtRange published_;
  VirtRange invalidated_;
  size_t invalidations_ = 0;
};

using PageTableArena = PageTableArenaOf<64>;

}  // namespace mm
