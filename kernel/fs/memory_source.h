// What /proc shows of the memory manager, and of the system as a whole. kernel/init implements
// both.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/base/print.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace fs {

// /proc/meminfo, with MappedFacts; what Atlas does not have (buffers, swap, huge pages) is not here
// and shows as zero.
struct MemoryFacts {
  mm::PageCount total{};  // that the frame allocator has, or has had
  mm::PageCount free{};
  mm::PageCount available{};  // free, and what could be given back at once
  mm::PageCount cached{};     // file pages, tmpfs included
  mm::PageCount shared{};     // tmpfs, memfd, SysV and shared anonymous memory
  mm::PageCount slabs{};      // of objects, and of what tells where they and all else are
  mm::PageCount page_tables{};
  mm::PageCount kernel_stacks{};
  mm::PageCount high_total{};
  mm::PageCount high_free{};
  uint64_t vmalloc_total_bytes = 0;
  uint64_t vmalloc_used_bytes = 0;
  uint64_t vmalloc_largest_gap_bytes = 0;
};

// What the memory of all processes together is made of.
struct MappedFacts {
  mm::PageCount anonymous{};     // frames that pages of processes show, each once
  mm::PageCount mapped_files{};  // the same of files' and shared memory's
  mm::PageCount locked{};
  // What private memory that may be written could come to at most.
  mm::PageCount committed{};
  uint64_t faults = 0;  // that were resolved since start-up, of ended processes too
};

// One zone, as buddyinfo and zoneinfo show it.
struct ZoneFacts {
  static constexpr size_t kOrders = 11;  // as Linux shows them: blocks of 1 to 1024 pages

  std::string_view name;  // DMA, Normal, HighMem
  mm::FrameNumber first{};
  mm::PageCount spanned{};
  mm::PageCount present{};
  mm::PageCount managed{};
  mm::PageCount free{};
  std::array<uint64_t, kOrders> free_blocks{};  // of 2^order pages
};

// One slab cache, in slabinfo's columns.
struct SlabFacts {
  std::string_view name;
  uint64_t active_objects = 0;
  uint64_t objects = 0;
  uint64_t object_bytes = 0;
  uint64_t objects_per_slab = 0;
  uint64_t pages_per_slab = 0;
  uint64_t active_slabs = 0;
  uint64_t slabs = 0;
};

// One area of the vmalloc region.
struct VmallocFacts {
  mm::VirtRange range;
  std::string_view name;
  mm::PageCount pages{};
  bool is_device = false;
  mm::PhysAddr device{};
};

// A counter of /proc/vmstat, such as {"pgfault", 17}.
struct Counter {
  std::string_view name;
  uint64_t value;
};

class MemorySource {
 public:
  [[nodiscard]] virtual MemoryFacts Facts() = 0;
  // A look at every page. O(processes and their pages).
  [[nodiscard]] virtual MappedFacts Mapped() = 0;
  virtual void VisitZones(base::FunctionRef<void(const ZoneFacts&)> visitor) = 0;
  virtual void VisitSlabs(base::FunctionRef<void(const SlabFacts&)> visitor) = 0;
  virtual void VisitVmallocAreas(base::FunctionRef<void(const VmallocFacts&)> visitor) = 0;
  // Those that the memory manager counts, by Linux's names where they mean the same.
  virtual void VisitCounters(base::FunctionRef<void(const Counter&)> visitor) = 0;

 protected:
  MemorySource() = default;
  ~MemorySource() = default;
  MemorySource(const MemorySource&) = default;
  MemorySource& operator=(const MemorySource&) = default;
};

// Times in nanoseconds since start-up.
struct SystemFacts {
  uint64_t uptime = 0;
  uint64_t idle_time = 0;
  uint64_t user_time = 0;
  uint64_t system_time = 0;
  uint64_t context_switches = 0;
  uint64_t interrupts = 0;
  uint64_t forks = 0;
  int64_t boot_time_seconds = 0;  // of the real-time clock
  uint32_t runnable_threads = 0;
  uint32_t blocked_threads = 0;
  uint32_t threads = 0;
  int32_t last_process = 0;
  // Runnable threads averaged over 1, 5 and 15 minutes, in hundredths.
  std::array<uint32_t, 3> load_hundredths{};
};

// A device's interrupt line, as the interrupt controller has it.
struct InterruptLineFacts {
  uint32_t number = 0;
  uint32_t interrupts = 0;  // since start-up; wraps, as Linux's do
  std::string_view controller;
  std::string_view trigger;  // "edge", "level"
  std::string_view gate;     // "open", "masked"
  size_t handlers = 0;       // of the system process
};

// uname's texts.
struct SystemNames {
  std::string_view system;   // ostype
  std::string_view host;     //
  std::string_view release;  // osrelease
  std::string_view version;  //
  std::string_view machine;  // "x86_64", "armv7l"
};

class SystemSource {
 public:
  [[nodiscard]] virtual SystemFacts Facts() = 0;
  [[nodiscard]] virtual SystemNames Names() = 0;
  [[nodiscard]] virtual std::string_view CommandLine() = 0;
  [[nodiscard]] virtual int32_t process_id_limit() = 0;
  // The lines of /proc/cpuinfo for the one processor, each "name\t: value\n".
  virtual void PrintProcessor(base::Sink& sink) = 0;
  // System calls that programs made and nobody answers: their numbers, and how often; and calls of
  // numbers beyond those that are told apart.
  virtual void VisitUnknownCalls(
      base::FunctionRef<void(uint32_t number, uint64_t calls)> visitor) = 0;
  [[nodiscard]] virtual uint64_t OtherUnknownCalls() = 0;
  // Those that somebody has, or that have interrupted, or may.
  virtual void VisitInterruptLines(
      base::FunctionRef<void(const InterruptLineFacts& line)> visitor) = 0;
  // The page tables of the kernel and of each process, compared with the layout: a line "kernel" or
  // "process <pid> <root> <bytes of the root> <name>" before what is found, which has a line
  // "LAYOUT OK ..." or lines "LAYOUT FAULT ...", and for a process what its own file says, too.
  virtual void PrintVerification(base::Sink& sink) = 0;
  // Gives back the memory that the kernel keeps at hand and nobody uses: what is free is in
  // MemoryFacts::free afterwards, but for parts of pages.
  virtual void DropCaches() = 0;

 protected:
  SystemSource() = default;
  ~SystemSource() = default;
  SystemSource(const SystemSource&) = default;
  SystemSource& operator=(const SystemSource&) = default;
};

}  // namespace fs
