// Texts of /proc about the system: memory first, then the rest.
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/fs/proc_node.h"
#include "kernel/fs/proc_print.h"

namespace fs::proc {

using base::Print;

namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kTick = 10'000'000;  // USER_HZ is 100: programs count in hundredths of a second
constexpr uint64_t kTicksPerSecond = 100;

uint64_t KiBOf(mm::PageCount pages) { return pages.bytes() / kKiB; }

// A line of meminfo: 16 characters of name, 8 of number.
void PrintKiB(base::Sink& sink, std::string_view name, uint64_t kib) {
  Print(sink, "{:<16}{:>8} kB\n", name, kib);
}

mm::PageCount Minus(mm::PageCount left, mm::PageCount right) {
  return right <= left ? left - right : mm::PageCount{};
}

}  // namespace

// --- Memory
// ---------------------------------------------------------------------------------------

void PrintMemInfo(const ProcParts& parts, base::Sink& sink) {
  const MemoryFacts is = parts.physical.Facts();
  const MappedFacts mapped = parts.physical.Mapped();
  const mm::PageCount files = Minus(is.cached, is.shared);
  const auto pages = [&sink](std::string_view name, mm::PageCount count) {
    PrintKiB(sink, name, KiBOf(count));
  };
  const auto nothing = [&sink](std::string_view name) { PrintKiB(sink, name, 0); };
  pages("MemTotal:", is.total);
  pages("MemFree:", is.free);
  pages("MemAvailable:", is.available);
  nothing("Buffers:");
  pages("Cached:", is.cached);
  nothing("SwapCached:");
  // Nothing grows old here: all is as active as the rest.
  pages("Active:", mapped.anonymous + is.cached);
  nothing("Inactive:");
  pages("Active(anon):", mapped.anonymous + is.shared);
  nothing("Inactive(anon):");
  pages("Active(file):", files);
  nothing("Inactive(file):");
  pages("Unevictable:", mapped.locked);
  pages("Mlocked:", mapped.locked);
  if (is.high_total.value > 0) {
    pages("HighTotal:", is.high_total);
    pages("HighFree:", is.high_free);
    pages("LowTotal:", Minus(is.total, is.high_total));
    pages("LowFree:", Minus(is.free, is.high_free));
  }
  nothing("SwapTotal:");
  nothing("SwapFree:");
  nothing("Dirty:");
  nothing("Writeback:");
  pages("AnonPages:", mapped.anonymous);
  pages("Mapped:", mapped.mapped_files);
  pages("Shmem:", is.shared);
  nothing("KReclaimable:");
  pages("Slab:", is.slabs);
  nothing("SReclaimable:");
  pages("SUnreclaim:", is.slabs);
  pages("KernelStack:", is.kernel_stacks);
  pages("PageTables:", is.page_tables);
  nothing("NFS_Unstable:");
  nothing("Bounce:");
  nothing("WritebackTmp:");
  pages("CommitLimit:", is.total);
  pages("Committed_AS:", mapped.committed + is.shared);
  PrintKiB(sink, "VmallocTotal:", is.vmalloc_total_bytes / kKiB);
  PrintKiB(sink, "VmallocUsed:", is.vmalloc_used_bytes / kKiB);
  PrintKiB(sink, "VmallocChunk:", is.vmalloc_largest_gap_bytes / kKiB);
}

void PrintBuddyInfo(const ProcParts& parts, base::Sink& sink) {
  parts.physical.VisitZones([&sink](const ZoneFacts& zone) {
    Print(sink, "Node 0, zone {:>8} ", zone.name);
    for (const uint64_t blocks : zone.free_blocks) Print(sink, "{:>6} ", blocks);
    sink.Write("\n");
  });
}

void PrintZoneInfo(const ProcParts& parts, base::Sink& sink) {
  parts.physical.VisitZones([&sink](const ZoneFacts& zone) {
    Print(sink, "Node 0, zone {:>8}\n", zone.name);
    Print(sink, "  pages free     {}\n", zone.free);
    for (const std::string_view mark : {"boost", "min", "low", "high"}) {
      Print(sink, "        {:<8} 0\n", mark);
    }
    Print(sink, "        spanned  {}\n        present  {}\n        managed  {}\n", zone.spanned,
          zone.present, zone.managed);
    sink.Write("        cma      0\n        protection: (0, 0, 0, 0)\n");
    Print(sink, "      nr_free_pages {}\n", zone.free);
    sink.Write(
        "  pagesets\n    cpu: 0\n              count: 0\n              high:  0\n"
        "              batch: 0\n  vm stats threshold: 0\n  node_unreclaimable:  0\n");
    Print(sink, "  start_pfn:           {}\n", zone.first);
  });
}

void PrintSlabInfo(const ProcParts& parts, base::Sink& sink) {
  sink.Write(
      "slabinfo - version: 2.1\n"
      "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab>"
      " : tunables <limit> <batchcount> <sharedfactor>"
      " : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
  parts.physical.VisitSlabs([&sink](const SlabFacts& slab) {
    Print(sink, "{:<17} {:>6} {:>6} {:>6} {:>4} {:>4}", slab.name, slab.active_objects,
          slab.objects, slab.object_bytes, slab.objects_per_slab, slab.pages_per_slab);
    Print(sink, " : tunables {:>4} {:>4} {:>4} : slabdata {:>6} {:>6} {:>6}\n", 0, 0, 0,
          slab.active_slabs, slab.slabs, 0);
  });
}

void PrintVmallocInfo(const ProcParts& parts, base::Sink& sink) {
  parts.physical.VisitVmallocAreas([&sink](const VmallocFacts& area) {
    // Linux shows the first address behind an area; at the very top that is 0.
    const mm::VirtAddr behind{area.range.last().value + 1};
    Print(sink, "{}-{} {:>7} {}", area.range.base, behind, area.range.size_bytes, area.name);
    if (area.is_device) {
      Print(sink, " phys={} ioremap\n", area.device);
    } else {
      Print(sink, " pages={} vmalloc\n", area.pages);
    }
  });
}

void PrintVmStat(const ProcParts& parts, base::Sink& sink) {
  const MemoryFacts is = parts.physical.Facts();
  const MappedFacts mapped = parts.physical.Mapped();
  const auto pages = [&sink](std::string_view name, mm::PageCount count) {
    Print(sink, "{} {}\n", name, count);
  };
  pages("nr_free_pages", is.free);
  pages("nr_active_anon", mapped.anonymous);
  pages("nr_active_file", is.cached);
  pages("nr_mlock", mapped.locked);
  pages("nr_anon_pages", mapped.anonymous);
  pages("nr_mapped", mapped.mapped_files);
  pages("nr_file_pages", is.cached);
  pages("nr_shmem", is.shared);
  pages("nr_slab_unreclaimable", is.slabs);
  pages("nr_page_table_pages", is.page_tables);
  // Its unit is KiB, in spite of its name.
  Print(sink, "nr_kernel_stack {}\n", KiBOf(is.kernel_stacks));
  Print(sink, "pgfault {}\n", mapped.faults);
  parts.physical.VisitCounters(
      [&sink](const Counter& counter) { Print(sink, "{} {}\n", counter.name, counter.value); });
}

// --- The rest
// -------------------------------------------------------------------------------------

namespace {

// Seconds with two decimals.
void PrintSeconds(base::Sink& sink, uint64_t nanoseconds) {
  const uint64_t ticks = nanoseconds / kTick;
  Print(sink, "{}.{:02}", ticks / kTicksPerSecond, ticks % kTicksPerSecond);
}

}  // namespace

void PrintUptime(const ProcParts& parts, base::Sink& sink) {
  const SystemFacts is = parts.system.Facts();
  PrintSeconds(sink, is.uptime);
  sink.Write(" ");
  PrintSeconds(sink, is.idle_time);
  sink.Write("\n");
}

void PrintLoadAverage(const ProcParts& parts, base::Sink& sink) {
  constexpr uint32_t kHundred = 100;
  const SystemFacts is = parts.system.Facts();
  for (const uint32_t load : is.load_hundredths) {
    Print(sink, "{}.{:02} ", load / kHundred, load % kHundred);
  }
  Print(sink, "{}/{} {}\n", is.runnable_threads, is.threads, is.last_process);
}

void PrintStat(const ProcParts& parts, base::Sink& sink) {
  const SystemFacts is = parts.system.Facts();
  // user nice system idle iowait irq softirq steal guest guest_nice
  for (const std::string_view name : {"cpu ", "cpu0"}) {
    Print(sink, "{} {} 0 {} {} 0 0 0 0 0 0\n", name, is.user_time / kTick, is.system_time / kTick,
          is.idle_time / kTick);
  }
  Print(sink, "intr {}\nctxt {}\nbtime {}\nprocesses {}\n", is.interrupts, is.context_switches,
        is.boot_time_seconds, is.forks);
  Print(sink, "procs_running {}\nprocs_blocked {}\n", is.runnable_threads, is.blocked_threads);
}

void PrintInterrupts(const ProcParts& parts, base::Sink& sink) {
  sink.Write("           CPU0       \n");
  parts.system.VisitInterruptLines([&sink](const InterruptLineFacts& line) {
    Print(sink, "{:>3}: {:>10}  {:>8} {:>3}-{:<8}  ", line.number, line.interrupts, line.controller,
          line.number, line.trigger);
    Print(sink, "{}, handlers: {}\n", line.gate, line.handlers);
  });
}

void PrintVersion(const ProcParts& parts, base::Sink& sink) {
  const SystemNames names = parts.system.Names();
  Print(sink, "{} version {} {}\n", names.system, names.release, names.version);
}

void PrintCommandLine(const ProcParts& parts, base::Sink& sink) {
  Print(sink, "{}\n", parts.system.CommandLine());
}

void PrintCpuInfo(const ProcParts& parts, base::Sink& sink) { parts.system.PrintProcessor(sink); }

void PrintFilesystems(const ProcParts&, base::Sink& sink) {
  sink.Write("nodev\tproc\nnodev\ttmpfs\n");
}

void PrintMounts(const ProcParts& parts, base::Sink& sink) {
  for (const FileNamespace::Mount& mount : parts.names.mounts()) {
    std::array<char, posix::kNameMax> room;
    const auto path = parts.names.PathOf(*mount.root, room);
    Print(sink, "{} {} {} rw 0 0\n", mount.type, path.value_or("/"), mount.type);
  }
}

void PrintUnknownCalls(const ProcParts& parts, base::Sink& sink) {
  parts.system.VisitUnknownCalls(
      [&sink](uint32_t number, uint64_t calls) { Print(sink, "{} {}\n", number, calls); });
  if (const uint64_t others = parts.system.OtherUnknownCalls(); others > 0) {
    Print(sink, "others {}\n", others);
  }
}

void PrintVerification(const ProcParts& parts, base::Sink& sink) {
  parts.system.PrintVerification(sink);
}

void PrintHostName(const ProcParts& parts, base::Sink& sink) {
  Print(sink, "{}\n", parts.system.Names().host);
}
void PrintOsRelease(const ProcParts& parts, base::Sink& sink) {
  Print(sink, "{}\n", parts.system.Names().release);
}
void PrintOsType(const ProcParts& parts, base::Sink& sink) {
  Print(sink, "{}\n", parts.system.Names().system);
}
void PrintPidMax(const ProcParts& parts, base::Sink& sink) {
  Print(sink, "{}\n", parts.system.process_id_limit());
}

void PrintDropCaches(const ProcParts&, base::Sink& sink) { sink.Write("0\n"); }

// Linux's bits: 1 for file pages, of which there are none that could be read again, 2 for what the
// kernel keeps at hand, and 4 for saying nothing of it in the log.
posix::Result<> SetDropCaches(const ProcParts& parts, std::string_view text) {
  constexpr int32_t kKept = 2;
  constexpr int32_t kMost = 4;
  if (text.ends_with('\n')) text.remove_suffix(1);
  const std::optional<int32_t> what = NumberOf(text);
  if (!what || *what < 1 || *what > kMost) return std::unexpected(posix::Errno::kInvalid);
  if ((*what & kKept) != 0) parts.system.DropCaches();
  return {};
}

}  // namespace fs::proc
