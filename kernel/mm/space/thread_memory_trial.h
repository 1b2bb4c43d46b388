// What tests of each architecture do with a thread's memory, in its page tables. `Machine` is one
// of thread_pages_trial.h.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <source_location>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/checks/thread_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/space_world.h"
#include "kernel/mm/space/space_world_tables.h"
#include "kernel/mm/space/thread_memory.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/thread_pages.h"
#include "kernel/sync/cpu.h"

namespace mm {

// `Windows` is NoWindows or WindowsAlone.
template <class Machine, class Windows>
class ThreadMemoryTrial {
 public:
  struct Table final : ThreadPages<typename Machine::Policy, CountedTables> {
    using Base = ThreadPages<typename Machine::Policy, CountedTables>;
    using Base::Base;
    [[nodiscard]] base::Result<> Start() { return Base::Start(Machine::kRoot); }
  };
  using Memory = ThreadMemory<Table>;

  static constexpr uint64_t kLimitBytes = 16 * kPageSize;

  ThreadMemoryTrial() : process_(world_.tables.Create().value()) {}

  // The line of the first expectation that was not met; 0 when all were.
  [[nodiscard]] uint32_t failed_line() const { return failed_line_; }

  // What there is at first, and what a fault brings.
  void Faults() {
    Memory& memory = Begin(OwnStack::kYes, kLimitBytes);
    if (!Expect(memory.Start().has_value())) return;
    const ThreadPlaces& places = memory.places();
    Expect(memory.control_frame() != memory.queue_frame());
    Expect(IsZero(memory.control_frame()) && IsZero(memory.queue_frame()));
    Expect(memory.table().PageAt(places.control.base)->access == Access::kNone);
    Expect(memory.table().PageAt(places.queue.base)->access == Access::kRead);
    const VirtAddr top = places.stack.last();
    Expect(FaultAt(top, AccessKind::kExecute) == FaultOutcome::kNotPermitted);
    Expect(FaultAt(top, AccessKind::kWrite) == FaultOutcome::kResolved);
    Expect(memory.table().PageAt(AlignDown(top, kPageSize))->access == Access::kReadWrite);
    Expect(FaultAt(memory.stack().base, AccessKind::kRead) == FaultOutcome::kResolved);
    Expect(FaultAt(memory.stack().base - 1, AccessKind::kWrite) == FaultOutcome::kNotMapped);
    Expect(FaultAt(memory.WindowAddress(0), AccessKind::kRead) == FaultOutcome::kNotMapped);
    Expect(FaultAt(places.queue.base, AccessKind::kWrite, FaultCause::kPermission) ==
           FaultOutcome::kNotPermitted);
    Expect(FaultAt(places.control.base, AccessKind::kRead, FaultCause::kPermission) ==
           FaultOutcome::kNotPermitted);
    Sound();
    End();
  }

  // Pages of the window have owners of their own.
  void Window() {
    Memory& memory = Begin(OwnStack::kNo, kLimitBytes);
    if (!Expect(memory.Start().has_value())) return;
    Expect(!memory.Covers(memory.places().stack.last()));
    Expect(memory.stack().IsEmpty());
    const size_t before = world_.frames_in_use();
    for (size_t number : {size_t{0}, size_t{1}, memory.window_pages() - 1}) {
      if (!Expect(memory.ShowPage(number, world_.frames.Allocate().value()).has_value())) return;
      Expect(memory.table().PageAt(memory.WindowAddress(number))->access == Access::kRead);
      Sound();
    }
    Expect(memory.WindowAddress(memory.window_pages() - 1).value + (kPageSize - 1) ==
           memory.places().queue.last().value);
    memory.HidePages(0, 2);
    Expect(!memory.table().PageAt(memory.WindowAddress(1)).has_value());
    Expect(world_.frames_in_use() == before + 1);
    Sound();
    // The last one goes with all else.
    End();
  }

  // What others are shown of it: copies of the stack, and the window's frames.
  void Taken() {
    Memory& memory = Begin(OwnStack::kYes, kLimitBytes);
    if (!Expect(memory.Start().has_value())) return;
    const VirtAddr top = AlignDown(memory.stack().last(), kPageSize);
    Expect(FaultAt(top, AccessKind::kWrite) == FaultOutcome::kResolved);
    if (!Expect(memory.ShowPage(0, world_.frames.Allocate().value()).has_value())) return;
    const auto frame_at = [&](VirtAddr va) { return memory.table().PageAt(va)->frame; };
    {
      const auto of_stack = memory.TakePage(top);
      const auto of_queue = memory.TakePage(memory.places().queue.base);
      const auto of_window = memory.TakePage(memory.WindowAddress(0));
      const auto untouched = memory.TakePage(top - kPageSize);
      if (!Expect(of_stack && of_queue && of_window && untouched)) return;
      Expect(of_stack->frame() != frame_at(top));
      Expect(of_queue->frame() != frame_at(memory.places().queue.base));
      Expect(of_window->frame() == frame_at(memory.WindowAddress(0)));
      Expect(!memory.table().PageAt(top - kPageSize).has_value());
      for (const VirtAddr wrong : {memory.places().control.base, memory.WindowAddress(1)}) {
        const auto taken = memory.TakePage(wrong);
        Expect(!taken && taken.error() == base::Error::kOutOfRange);
      }
    }
    Sound();
    {
      Memory copy(world_.frames, Places(), OwnStack::kYes, kLimitBytes, process_);
      if (!Expect(copy.Start().has_value())) return;
      Expect(copy.CopyStackOf(memory).has_value());
      const auto page = copy.table().PageAt(top);
      Expect(page && page->access == Access::kReadWrite && page->frame != frame_at(top));
      Expect(!copy.table().PageAt(memory.WindowAddress(0)).has_value());
      Expect(copy.CheckInvariants().has_value());
    }
    End();
  }

  // A stack is whole pages, at least one, and leaves a guard.
  void Limits() {
    const uint64_t most = Places().stack.size_bytes - Placement::kGuardBytes;
    const std::pair<uint64_t, uint64_t> rows[] = {
        {0, kPageSize},
        {kPageSize, kPageSize},
        {3 * kPageSize - 1, 2 * kPageSize},
        {most - 1, most - kPageSize},
        {most, most},
        {~uint64_t{0}, most},
    };
    for (const auto& [limit_bytes, bytes] : rows) {
      const Memory& memory = Begin(OwnStack::kYes, limit_bytes);
      Expect(memory.stack().size_bytes == bytes);
      Expect(memory.stack().last().value == Places().stack.last().value);
      End();
    }
  }

  // Memory ends at each moment of a start.
  void Exhaustion() {
    bool is_started = false;
    for (unsigned n = 1; !is_started; ++n) {
      Memory& memory = Begin(OwnStack::kYes, kLimitBytes);
      world_.FailAllocation(n);
      is_started = memory.Start().has_value();
      world_.FailNothing();
      Expect(is_started || n < kMostAllocations);
      End();
    }
  }

  // Two threads differ in what is each one's own, and in nothing else; what one is not told of is
  // found.
  void Proof() {
    Memory& memory = Begin(OwnStack::kYes, kLimitBytes);
    if (!Expect(memory.Start().has_value())) return;
    {
      Memory other(world_.frames, Places(), OwnStack::kYes, kLimitBytes, process_);
      if (!Expect(other.Start().has_value())) return;
      Expect(FaultAt(memory.stack().last(), AccessKind::kWrite) == FaultOutcome::kResolved);
      Expect(!ScanForOther(other).has_value());
      bool is_found = false;
      for (const VirtRange& window : Machine::kBesideThread) {
        if (memory.Covers(window.base)) continue;
        if (!Expect(
                process_.MapPage(window.base, {.frame = {1}, .access = Access::kRead}).has_value()))
          return;
        Expect(!ScanForOther(other).has_value());
        process_.UnmapPages(window, [](VirtAddr, const UserPage&) {});
        Expect(!ScanForOther(other).has_value());
        process_.RemoveMirror(other.table());
        if (!Expect(
                process_.MapPage(window.base, {.frame = {1}, .access = Access::kRead}).has_value()))
          return;
        is_found = is_found || ScanForOther(other) == window.base;
        process_.UnmapPages(window, [](VirtAddr, const UserPage&) {});
        process_.AddMirror(other.table());
      }
      Expect(is_found);
    }
    End();
  }

 private:
  static constexpr unsigned kMostAllocations = 40;

  static ThreadPlaces Places() {
    const VirtRange& messages = Machine::kThread[0];
    return {.control = {messages.base, kPageSize},
            .queue = {messages.base + kPageSize, messages.size_bytes - kPageSize},
            .stack = Machine::kThread[1]};
  }
  bool IsZero(FrameNumber frame) {
    const locking::CpuPin pin;
    const FrameWindow window = world_.windows.Open(pin, frame);
    return std::ranges::all_of(window.bytes(), [](std::byte one) { return one == std::byte{0}; });
  }

  bool Expect(bool holds, std::source_location where = std::source_location::current()) {
    if (!holds && failed_line_ == 0) failed_line_ = where.line();
    return holds;
  }

  Memory& Begin(OwnStack own_stack, uint64_t limit_bytes) {
    return memory_.emplace(world_.frames, Places(), own_stack, limit_bytes, process_);
  }
  void End() {
    memory_.reset();
    Expect(world_.frames_in_use() == size_t{0});
    Expect(world_.windows.open_slots() == 0);
    Expect(world_.tables.tables_in_use() == tables_);
  }
  void Sound() { Expect(memory_->CheckInvariants().has_value()); }

  FaultOutcome FaultAt(VirtAddr va, AccessKind access, FaultCause cause = FaultCause::kNotMapped) {
    Expect(memory_->Covers(va));
    return memory_->HandleFault(
        {.va = va, .access = access, .cause = cause, .privilege = Privilege::kUser});
  }
  std::optional<VirtAddr> ScanForOther(const Memory& other) {
    return ScanForOtherPage(memory_->table().table(), other.table().table(),
                            other.table().own_ranges());
  }

  SpaceWorldWith<MachineTables<Machine>, Windows> world_;
  typename MachineTables<Machine>::Table process_;
  size_t tables_ = world_.tables.tables_in_use();  // of the process
  std::optional<Memory> memory_;
  uint32_t failed_line_ = 0;
};

template <class Machine, class Windows>
[[nodiscard]] uint32_t TryThreadMemoryWith() {
  ThreadMemoryTrial<Machine, Windows> trial;
  trial.Faults();
  trial.Window();
  trial.Taken();
  trial.Limits();
  trial.Exhaustion();
  trial.Proof();
  return trial.failed_line();
}

// With frames that the direct map shows, and with others. See failed_line().
template <class Machine>
[[nodiscard]] uint32_t TryThreadMemory() {
  const uint32_t failed_line = TryThreadMemoryWith<Machine, NoWindows>();
  return failed_line != 0 ? failed_line : TryThreadMemoryWith<Machine, WindowsAlone>();
}

}  // namespace mm
