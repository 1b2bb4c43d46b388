#include "kernel/init/process_reports.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/check.h"
#include "kernel/init/process_layout.h"
#include "kernel/init/reports.h"
#include "kernel/mm/checks/frame_audit.h"
#include "kernel/mm/checks/thread_verify.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/mm/space/vma.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/process/current.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"
#include "kernel/space/address_space.h"
#include "kernel/space/thread_table.h"

namespace kernel {
namespace {

using Keeper = mm::FrameAudit::Keeper;

// Calls `use(pid, process)` for each that has not ended.
template <class Use>
void ForEachProcess(process::System& processes, Use&& use) {
  const process::PidTable& pids = processes.pids();
  for (process::Pid id = pids.ScanForProcess(0); id != 0; id = pids.ScanForProcess(id)) {
    process::Process& process = *pids.Find(id).process;
    if (process.space) use(id, process);
  }
}

// Whether it is the first that has its space: between vfork and execve two have the same.
bool IsFirstInItsSpace(process::System& processes, const process::Process& process) {
  if (process.space->uses() == 1) return true;
  const process::Process* first = nullptr;
  ForEachProcess(processes, [&](process::Pid, const process::Process& other) {
    if (first == nullptr && &*other.space == &*process.space) first = &other;
  });
  return first == &process;
}

// What an area says of who keeps its pages.
Keeper KeeperOf(const mm::Vma& vma, const mm::UserPage& page) {
  if (!vma.object) return Keeper::kNobody;
  if (vma.sharing == mm::Sharing::kShared) return Keeper::kObject;
  // A private copy, or still the object's.
  return mm::Has(page.access, mm::Access::kWrite) ? Keeper::kNobody : Keeper::kUnknown;
}

// What a message brought along, which is read-only, may be an object's.
Keeper KeeperOf(const mm::UserPage& of_thread) {
  return of_thread.access == mm::Access::kRead ? Keeper::kUnknown : Keeper::kNobody;
}

// Calls `use(thread)` for each that has pages of its own.
template <class Use>
void ForEachNativeThread(process::Process& process, Use&& use) {
  for (process::UserThread& thread : process.threads) {
    if (thread.native != nullptr) use(thread);
  }
}

// The frames of all processes' pages, and of their threads'.
class Frames {
 public:
  Frames(const System& system, process::System& processes, const mm::UserFrames& frames,
         std::span<mm::FrameAudit::Count> room)
      : system_(system), zero_(frames.zero_frame()), audit_(system.memory.table(), room) {
    ForEachProcess(processes, [&](process::Pid, process::Process& process) {
      ForEachNativeThread(process, [&](const process::UserThread& thread) {
        thread.native->memory().table().ForEachPage(
            [&](mm::VirtAddr, const mm::UserPage& page) { audit_.Add(page.frame); });
      });
      if (!IsFirstInItsSpace(processes, process)) return;
      for (const mm::Region& region : system.layout.regions) {
        if (region.scope == mm::Scope::kGlobal && mm::IsKernelService(region.service)) continue;
        process.space->table().ForEachPage(
            region.range, [&](mm::VirtAddr, const mm::UserPage& page) { audit_.Add(page.frame); });
      }
    });
  }

  // The first page whose frame has other owners than it should.
  [[nodiscard]] std::optional<mm::VirtAddr> FindFault(AddressSpace& space) const {
    std::optional<mm::VirtAddr> fault;
    space.ForEachVma([&](const mm::Vma& vma) {
      if (vma.kind == mm::VmaKind::kDevice) return;
      space.table().ForEachPage(vma.range, [&](mm::VirtAddr va, const mm::UserPage& page) {
        if (!fault && !IsSound(page.frame, KeeperOf(vma, page))) fault = va;
      });
    });
    return fault;
  }

  // The same of a thread's own pages.
  [[nodiscard]] std::optional<mm::VirtAddr> FindFault(const ThreadTable& table) const {
    std::optional<mm::VirtAddr> fault;
    table.ForEachPage([&](mm::VirtAddr va, const mm::UserPage& page) {
      if (!fault && !IsSound(page.frame, KeeperOf(page))) fault = va;
    });
    return fault;
  }

 private:
  [[nodiscard]] bool IsSound(mm::FrameNumber frame, Keeper keeper) const {
    return frame == zero_ || (IsProgramMemory(frame) && audit_.IsSound(frame, keeper));
  }

  // Not the image, tables of start-up, or firmware.
  [[nodiscard]] bool IsProgramMemory(mm::FrameNumber frame) const {
    const mm::MemoryRegion* const region = system_.memory_map.FindRegion(frame);
    return region != nullptr && region->state == mm::MemoryState::kUsable;
  }

  const System& system_;
  mm::FrameNumber zero_;
  mm::FrameAudit audit_;
};

// Room for a number of each frame, while it exists; none where memory is short.
class Room {
 public:
  explicit Room(mm::PhysicalMemory& memory) : memory_(memory) {
    const auto count = static_cast<size_t>(memory.table().pages().value);
    const mm::PageCount pages = mm::PagesFor(count * sizeof(mm::FrameAudit::Count));
    const auto frames = memory.Allocate({.pages = pages});
    if (!frames) return;
    frames_ = *frames;
    pages_ = pages;
    span_ = {static_cast<mm::FrameAudit::Count*>(memory.table().Pointer(frames_)), count};
  }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  ~Room() {
    if (pages_.value > 0) CHECK(memory_.Free(frames_, pages_).has_value());
  }

  [[nodiscard]] std::span<mm::FrameAudit::Count> span() const { return span_; }

 private:
  mm::PhysicalMemory& memory_;
  mm::FrameNumber frames_;
  mm::PageCount pages_;
  std::span<mm::FrameAudit::Count> span_;
};

// The native threads of a process. Each one's table is compared with the layout, and with the first
// one's: nothing but what is each one's own may differ.
void PrintThreads(base::Sink& sink, const System& system, process::Process& process) {
  const ThreadTable* first = nullptr;
  ForEachNativeThread(process, [&](const process::UserThread& thread) {
    const ThreadMemory& memory = thread.native->memory();
    const ThreadTable& table = memory.table();
    base::Print(sink, "thread {} {} {}", thread.id(), table.table().root(), RootBytes(table));
    for (const mm::VirtRange& own : table.own_ranges()) {
      if (!own.IsEmpty()) base::Print(sink, " {}-{}", own.base, own.last());
    }
    sink.Write("\n");
    VerifyTablesOf(sink, system, table, DevicesOf(process));
    if (!memory.CheckInvariants()) {
      sink.Write("LAYOUT FAULT a thread has pages that are not its own\n");
    }
    if (first == nullptr) first = &table;
    // One may have a stack of its own, and the other its process's.
    const std::array own = {first->own_ranges()[0], first->own_ranges()[1], table.own_ranges()[1]};
    if (const auto other = mm::ScanForOtherPage(first->table(), table.table(), own)) {
      base::Print(sink, "LAYOUT FAULT threads of one process differ at {}\n", *other);
    }
  });
}

void PrintProcess(base::Sink& sink, const System& system, process::LayoutPrinter& layout,
                  process::Pid id, process::Process& process) {
  const UserTable& table = process.space->table();
  base::Print(sink, "process {} {} {} {}\n", id, table.table().root(), RootBytes(table),
              process.NameText());
  layout.Print(process, sink);
  if (!process.space->CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page tables do not show what the process's areas say\n");
  }
  PrintThreads(sink, system, process);
}

void PrintFault(base::Sink& sink, std::optional<mm::VirtAddr> page) {
  if (page) base::Print(sink, "LAYOUT FAULT the frame of the page at {} has other owners\n", *page);
}

}  // namespace

void PrintVerification(base::Sink& sink, const System& system, process::System& processes,
                       const mm::UserFrames& frames, process::LayoutPrinter& layout) {
  // The kernel's own are those that are live while nobody's are.
  processes.Deactivate();
  sink.Write("kernel\n");
  VerifyLiveTables(sink, system);
  CurrentThread().ActivateTable();
  const Room room(system.memory);
  const bool has_room = !room.span().empty();
  if (!has_room) sink.Write("no memory to count frames\n");
  const Frames all(system, processes, frames, room.span());
  ForEachProcess(processes, [&](process::Pid id, process::Process& process) {
    PrintProcess(sink, system, layout, id, process);
    if (!has_room) return;
    PrintFault(sink, all.FindFault(*process.space));
    ForEachNativeThread(process, [&](const process::UserThread& thread) {
      PrintFault(sink, all.FindFault(thread.native->memory().table()));
    });
  });
}

}  // namespace kernel
