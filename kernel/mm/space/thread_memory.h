// What a native thread has of memory for itself, beside its process's address space: a page with
// its control block, which user mode cannot see; its message queue, which it can read, and behind
// that a window for pages that messages bring along; and its stack, zeroed on demand, which ends
// above a page that is never mapped.
//
// `Table` is a ThreadPages. Frames count as everywhere (user_frames.h). Not locked: one processor
// changes it, and its thread is the only one to fault in it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/thread_pages.h"

namespace mm {

enum class OwnStack : bool { kNo, kYes };

template <class Table>
class ThreadMemory {
 public:
  static constexpr size_t kQueuePages = 1;

  // Nothing is mapped before Start(). With OwnStack::kNo the thread's stack is its process's area,
  // and part of what all see. `arguments` are the table's, in front of its ranges. `frames`
  // outlives this.
  template <class... Arguments>
  ThreadMemory(UserFrames& frames, const ThreadPlaces& places, OwnStack own_stack,
               uint64_t stack_limit_bytes, Arguments&&... arguments)
      : frames_(frames),
        places_(places),
        stack_(StackOf(places, own_stack, stack_limit_bytes)),
        table_(std::forward<Arguments>(arguments)..., RangesOf(places, own_stack)) {}
  ThreadMemory(const ThreadMemory&) = delete;
  ThreadMemory& operator=(const ThreadMemory&) = delete;
  // No processor walks the table any more.
  ~ThreadMemory();

  // Makes the table, the control block and the queue. Called once. Error: kOutOfMemory; what there
  // is goes with this.
  [[nodiscard]] base::Result<> Start();

  // Whether it is here that a fault at `va` is resolved.
  [[nodiscard]] bool Covers(VirtAddr va) const { return table_.IsOwn(va); }
  // Of an address that is covered, whoever used it.
  [[nodiscard]] FaultOutcome HandleFault(const FaultInfo& fault);

  // Zeroed at first, and the same until this ends; wherever user pages lie.
  [[nodiscard]] FrameNumber control_frame() const { return FrameAt(places_.control.base); }
  [[nodiscard]] FrameNumber queue_frame() const { return FrameAt(places_.queue.base); }

  // For others to show, the page at `va`, which is covered: of the window the frame itself, else a
  // copy as it is now. Errors: kOutOfRange (neither stack nor what the thread can read),
  // kOutOfMemory.
  [[nodiscard]] base::Result<FrameReference> TakePage(VirtAddr va);
  // Begins with a copy of the other's stack, which is at the same addresses. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> CopyStackOf(const ThreadMemory& other);

  // Pages of the window by their numbers: what is shown is read-only. Error: kOutOfMemory. CHECKed:
  // nothing is shown there.
  [[nodiscard]] base::Result<> ShowPage(size_t number, FrameReference&& frame);
  void HidePages(size_t first, size_t count);
  [[nodiscard]] size_t window_pages() const {
    return static_cast<size_t>(places_.queue.size_bytes / kPageSize) - kQueuePages;
  }
  [[nodiscard]] VirtAddr WindowAddress(size_t number) const {
    return places_.queue.base + (kQueuePages + number) * kPageSize;
  }

  [[nodiscard]] const ThreadPlaces& places() const { return places_; }
  // As far as it may grow; empty when it is the process's.
  [[nodiscard]] const VirtRange& stack() const { return stack_; }
  [[nodiscard]] Table& table() { return table_; }
  [[nodiscard]] const Table& table() const { return table_; }

  // Error: kCorrupt. O(entries of its tables).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // Both ends moved outwards to what a thread's table can have of its own. What that adds is
  // nobody's.
  static VirtRange WholeEntries(const VirtRange& range) {
    constexpr uint64_t kMask = Table::kOwnAlignment - 1;
    return FromFirstToLast(AlignDown(range.base, Table::kOwnAlignment),
                           VirtAddr{range.last().value | kMask});
  }
  static ThreadRanges RangesOf(const ThreadPlaces& places, OwnStack own_stack) {
    const VirtRange messages =
        WholeEntries(FromFirstToLast(places.control.base, places.queue.last()));
    if (own_stack == OwnStack::kNo) return {messages, VirtRange{}};
    return {messages, WholeEntries(places.stack)};
  }
  static VirtRange StackOf(const ThreadPlaces& places, OwnStack own_stack, uint64_t limit_bytes) {
    if (own_stack == OwnStack::kNo) return {};
    const uint64_t most = places.stack.size_bytes - Placement::kGuardBytes;
    const uint64_t bytes = std::clamp(limit_bytes & ~(kPageSize - 1), kPageSize, most);
    return {places.stack.last() - (bytes - 1), bytes};
  }
  [[nodiscard]] FrameNumber FrameAt(VirtAddr va) const {
    const std::optional<UserPage> page = table_.PageAt(va);
    CHECK(page.has_value());
    return page->frame;
  }

  UserFrames& frames_;
  ThreadPlaces places_;
  VirtRange stack_;
  Table table_;
};

template <class Table>
ThreadMemory<Table>::~ThreadMemory() {
  if (!table_.IsStarted()) return;
  table_.Retire();
  for (const VirtRange& range : table_.own_ranges()) {
    table_.UnmapPages(range, [&](VirtAddr, const UserPage& page) { frames_.Drop(page.frame); });
  }
}

template <class Table>
base::Result<> ThreadMemory<Table>::Start() {
  TRY(table_.Start());
  FrameReference control = TRY(frames_.AllocateZeroed());
  TRY(table_.MapKernelPage(places_.control.base, control.frame()));
  (void)control.Detach();
  FrameReference queue = TRY(frames_.AllocateZeroed());
  TRY(table_.MapPage(places_.queue.base, {.frame = queue.frame(), .access = Access::kRead}));
  (void)queue.Detach();
  return {};
}

template <class Table>
FaultOutcome ThreadMemory<Table>::HandleFault(const FaultInfo& fault) {
  const VirtAddr va = AlignDown(fault.va, kPageSize);
  if (fault.cause != FaultCause::kNotMapped) return FaultOutcome::kNotPermitted;
  if (!stack_.Contains(va)) return FaultOutcome::kNotMapped;
  if (fault.access == AccessKind::kExecute) return FaultOutcome::kNotPermitted;
  base::Result<FrameReference> frame = frames_.AllocateZeroed();
  if (!frame) return FaultOutcome::kOutOfMemory;
  if (!table_.MapPage(va, {.frame = frame->frame(), .access = Access::kReadWrite})) {
    return FaultOutcome::kOutOfMemory;
  }
  (void)frame->Detach();
  return FaultOutcome::kResolved;
}

template <class Table>
base::Result<FrameReference> ThreadMemory<Table>::TakePage(VirtAddr va) {
  const std::optional<UserPage> page = table_.PageAt(va);
  if (page && page->access != Access::kNone) {
    const bool is_window = WindowAddress(0) <= va && va <= places_.queue.last();
    return is_window ? frames_.Share(page->frame) : frames_.AllocateCopy(page->frame);
  }
  if (!stack_.Contains(va)) return std::unexpected(base::Error::kOutOfRange);
  return frames_.AllocateZeroed();
}

template <class Table>
base::Result<> ThreadMemory<Table>::CopyStackOf(const ThreadMemory& other) {
  base::Result<> result;
  other.table_.ForEachPage([&](VirtAddr va, const UserPage& page) {
    if (!result || !other.stack_.Contains(va)) return;
    base::Result<FrameReference> frame = frames_.AllocateCopy(page.frame);
    result = frame ? table_.MapPage(va, {.frame = frame->frame(), .access = page.access})
                   : base::Result<>(std::unexpected(frame.error()));
    if (result) (void)frame->Detach();
  });
  return result;
}

template <class Table>
base::Result<> ThreadMemory<Table>::ShowPage(size_t number, FrameReference&& frame) {
  CHECK(number < window_pages());
  TRY(table_.MapPage(WindowAddress(number), {.frame = frame.frame(), .access = Access::kRead}));
  (void)frame.Detach();
  return {};
}

template <class Table>
void ThreadMemory<Table>::HidePages(size_t first, size_t count) {
  table_.UnmapPages({WindowAddress(first), count * kPageSize},
                    [&](VirtAddr, const UserPage& page) { frames_.Drop(page.frame); });
}

template <class Table>
base::Result<> ThreadMemory<Table>::CheckInvariants() const {
  TRY(table_.CheckInvariants());
  bool is_sound = true;
  table_.ForEachPage([&](VirtAddr va, const UserPage& page) {
    const bool is_control = places_.control.Contains(va) && page.access == Access::kNone;
    const bool is_message = places_.queue.Contains(va) && page.access == Access::kRead;
    const bool is_stack = stack_.Contains(va) && page.access == Access::kReadWrite;
    is_sound = is_sound && (is_control || is_message || is_stack);
  });
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
