#include "kernel/init/thread_trial.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/init/holdings.h"
#include "kernel/init/live_tables.h"
#include "kernel/init/reports.h"
#include "kernel/mm/checks/thread_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/physical_frames.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/thread_memory.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/space/thread_table.h"
#include "kernel/space/user_table.h"

namespace kernel {
namespace {

// Where threads' pages come from.
struct TrialFrames {
  explicit TrialFrames(const System& system)
      : physical(system.memory), frames(physical, system.memory.table(), system.areas.windows()) {}

  mm::PhysicalFrames physical;
  mm::UserFrames frames;
};

// A process's table and two threads'.
class TrialThreads {
 public:
  TrialThreads(const System& system, UserTable& process, TrialFrames& frames,
               const mm::ThreadPlaces& places)
      : system_(system), process_(process), frames_(frames) {
    for (auto& thread : threads_) {
      thread.emplace(frames.frames, places, mm::OwnStack::kYes, mm::Placement::kStackRoomBytes,
                     process);
    }
  }
  TrialThreads(const TrialThreads&) = delete;
  TrialThreads& operator=(const TrialThreads&) = delete;

  ~TrialThreads() {
    system_.user_tables.Leave();
    for (auto& thread : threads_) thread.reset();
    process_.Retire();
    while (page_count_ > 0) UnmapLast();
  }

  // Each with a page of stack.
  base::Result<> Start() {
    for (auto& thread : threads_) {
      TRY(thread->Start());
      const mm::FaultInfo fault = {.va = thread->stack().last(),
                                   .access = mm::AccessKind::kWrite,
                                   .cause = mm::FaultCause::kNotMapped,
                                   .privilege = mm::Privilege::kUser};
      if (thread->HandleFault(fault) != mm::FaultOutcome::kResolved) {
        return std::unexpected(base::Error::kOutOfMemory);
      }
    }
    return {};
  }

  // Of the process.
  base::Result<> Map(mm::VirtAddr page) {
    CHECK(page_count_ < pages_.size());
    mm::FrameReference frame = TRY(frames_.frames.AllocateZeroed());
    TRY(process_.MapPage(page, {.frame = frame.frame(), .access = mm::Access::kReadWrite}));
    static_cast<void>(frame.Detach());
    pages_[page_count_++] = page;
    return {};
  }
  void UnmapLast() {
    process_.UnmapPages(
        {pages_[--page_count_], mm::kPageSize},
        [this](mm::VirtAddr, const mm::UserPage& shown) { frames_.frames.Drop(shown.frame); });
  }

  ThreadMemory& thread(size_t index) { return *threads_[index]; }

  // What the processor walks while the thread runs.
  KernelSpace::Table LiveTable(size_t index) {
    thread(index).table().Activate();
    return LiveTableOf(thread(index).places().queue.base, system_);
  }
  std::optional<mm::VirtAddr> ScanForOther() {
    const KernelSpace::Table one = LiveTable(0);
    return mm::ScanForOtherPage(one, LiveTable(1), thread(0).table().own_ranges());
  }

 private:
  const System& system_;
  UserTable& process_;
  TrialFrames& frames_;
  std::array<std::optional<ThreadMemory>, 2> threads_;
  std::array<mm::VirtAddr, 2> pages_{};
  size_t page_count_ = 0;
};

void PrintComparison(base::Sink& sink, std::string_view when, TrialThreads& threads) {
  const auto other = threads.ScanForOther();
  if (other) {
    return base::Print(sink, "threads: {}, the tables are NOT ALIKE at {}\n", when, *other);
  }
  base::Print(sink, "threads: {}, the tables are alike but for what is each one's own\n", when);
}

void CompareWithLayout(base::Sink& sink, const System& system, TrialThreads& threads) {
  for (const size_t index : {0, 1}) {
    ThreadMemory& thread = threads.thread(index);
    const bool good = thread.CheckInvariants() && TablesMatch(system, thread.table());
    base::Print(sink, "threads: {} bytes of tables, layout {}\n", thread.table().table_bytes(),
                good ? "ok" : "DIFFERS");
  }
}

// Pages that the process maps now and unmaps again: both threads see the one and the other.
base::Result<> MapForAll(base::Sink& sink, const System& system, TrialThreads& threads) {
  const mm::VirtRange& program = mm::RegionWith(system.layout, mm::Service::kProgram).range;
  // Far from all else, so that tables come to be, and a larger root where roots grow.
  const mm::VirtAddr page =
      program.base + mm::AlignDown(mm::VirtAddr{program.size_bytes / 2}, mm::kPageSize).value;
  TRY(threads.Map(page));
  PrintComparison(sink, "with a page more", threads);
  CompareWithLayout(sink, system, threads);
  threads.UnmapLast();
  PrintComparison(sink, "without it", threads);
  return {};
}

// What a process maps at any of these goes unnoticed by a thread that nobody tells of tables,
// unless there are tables already.
base::Result<> MapUntold(base::Sink& sink, const System& system, TrialThreads& threads) {
  constexpr uint64_t kParts = 4;
  threads.thread(1).table().Unlink();
  for (const mm::Region& row : system.layout.regions) {
    const bool is_process = row.user != mm::Access::kNone && row.scope == mm::Scope::kProcess;
    for (uint64_t part = 1; is_process && part <= kParts; ++part) {
      const uint64_t last = row.range.size_bytes / kParts * part - 1;
      const mm::VirtAddr page =
          row.range.base + mm::AlignDown(mm::VirtAddr{last}, mm::kPageSize).value;
      if (threads.thread(1).Covers(page)) continue;
      TRY(threads.Map(page));
      const auto other = threads.ScanForOther();
      threads.UnmapLast();
      if (!other) continue;
      base::Print(sink, "threads: what one is not told of is {}\n",
                  *other == page ? "found" : "NOT FOUND");
      return {};
    }
  }
  sink.Write("threads: what one is not told of is NOT FOUND\n");
  return {};
}

base::Result<> Try(base::Sink& sink, const System& system, const mm::ThreadPlaces& places) {
  UserTable process = TRY(UserTable::Create(system.user_tables));
  TrialFrames frames(system);
  TRY(frames.frames.Start());
  TrialThreads threads(system, process, frames, places);
  TRY(threads.Map(mm::RegionWith(system.layout, mm::Service::kProgram).range.base));
  TRY(threads.Start());
  PrintComparison(sink, "at first", threads);
  CompareWithLayout(sink, system, threads);
  TRY(MapForAll(sink, system, threads));
  return MapUntold(sink, system, threads);
}

}  // namespace

void TryThreads(base::Sink& sink, const System& system) {
  const mm::Placement placement(system.layout);
  const auto& places = placement.thread_places();
  if (!places) return sink.Write("threads: the layout has no place for what is each one's own\n");
  if (const auto shared = system.space.ShareEntries(system.layout); !shared) {
    return base::Print(sink, "threads: the kernel's entries cannot be shared: {}\n",
                       base::ErrorName(shared.error()));
  }
  const Holdings before = HoldingsOf(system);
  const auto result = Try(sink, system, *places);
  if (!result) base::Print(sink, "threads: {}\n", base::ErrorName(result.error()));
  const bool good = LiveTablesMatch(system);
  base::Print(sink, "threads: ended, {}, layout {}\n",
              HoldingsOf(system) == before ? "nothing kept" : "PAGES KEPT",
              good ? "ok" : "DIFFERS");
}

}  // namespace kernel
