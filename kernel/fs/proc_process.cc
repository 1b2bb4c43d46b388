// Texts of /proc/<pid>.
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/fs/file_table.h"
#include "kernel/fs/proc_print.h"

namespace fs::proc {

using base::Print;

namespace {

constexpr uint64_t kKiB = 1024;
constexpr uint64_t kTick = 10'000'000;  // USER_HZ is 100

uint64_t KiBOf(mm::PageCount pages) { return pages.bytes() / kKiB; }

std::string_view NameOf(const ProcessFacts& facts) {
  const std::string_view all(facts.name.data(), facts.name.size());
  return all.substr(0, all.find('\0'));
}

std::string_view StateName(char state) {
  switch (state) {
    case 'R':
      return "running";
    case 'S':
      return "sleeping";
    case 'D':
      return "disk sleep";
    case 'T':
      return "stopped";
    case 'Z':
      return "zombie";
    default:
      return "dead";
  }
}

// How Linux encodes a terminal's number in stat: as stat() does.
uint32_t TerminalNumber(const ProcessFacts& facts) { return facts.terminal.Encoded(); }

uint64_t BaseOf(const mm::VirtRange& range) { return range.IsEmpty() ? 0 : range.base.value; }
// The first byte behind, as Linux shows ends; of the very top it is 0.
uint64_t Behind(const mm::VirtRange& range) { return range.IsEmpty() ? 0 : range.last().value + 1; }

}  // namespace

bool PrintProcessLayout(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  return parts.processes.PrintLayout(id, sink);
}

bool PrintProcessName(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  ProcessFacts facts;
  if (!parts.processes.Find(id, facts)) return false;
  Print(sink, "{}\n", NameOf(facts));
  return true;
}

// proc(5), /proc/pid/stat: 52 fields.
bool PrintProcessStat(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  ProcessFacts is;
  if (!parts.processes.Find(id, is)) return false;
  constexpr int32_t kDefaultPriority = 20;
  constexpr uint64_t kNoLimit = ~uint64_t{0};
  const uint64_t exists = is.virtual_pages.value > 0 ? 1 : 0;
  Print(sink, "{} ({}) {} {} {} {} {} {} 0 ", is.id, NameOf(is), is.state, is.parent, is.group,
        is.session, TerminalNumber(is), is.foreground_group);
  Print(sink, "{} {} {} {} ", is.minor_faults, is.children_minor_faults, is.major_faults,
        is.children_major_faults);
  Print(sink, "{} {} {} {} ", is.user_time / kTick, is.system_time / kTick,
        is.children_user_time / kTick, is.children_system_time / kTick);
  Print(sink, "{} {} {} 0 {} ", kDefaultPriority + is.nice, is.nice, is.threads,
        is.started / kTick);
  Print(sink, "{} {} {} ", is.virtual_pages.bytes(), is.resident_pages,
        is.resident_limit_bytes.value_or(kNoLimit));
  Print(sink, "{} {} {} {} {} ", exists * BaseOf(is.code), exists * Behind(is.code),
        exists * is.stack_base.value, exists * is.stack_pointer.value,
        exists * is.instruction_pointer.value);
  // The masks that old programs read; all of them are in status.
  constexpr uint64_t kOldSignals = (uint64_t{1} << 31) - 1;
  Print(sink, "{} {} {} {} ", is.pending_signals & kOldSignals, is.blocked_signals & kOldSignals,
        is.ignored_signals & kOldSignals, is.caught_signals & kOldSignals);
  // wchan nswap cnswap exit_signal processor rt_priority policy delays guest_time cguest_time
  Print(sink, "0 0 0 {} 0 0 0 0 0 0 ", is.exit_signal);
  // start_data end_data start_brk arg_start arg_end env_start env_end exit_code
  Print(sink, "{} {} {} 0 0 0 0 {}\n", exists * BaseOf(is.data), exists * Behind(is.data),
        exists * is.heap_base.value, is.exit_status);
  return true;
}

bool PrintProcessStatm(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  ProcessFacts is;
  if (!parts.processes.Find(id, is)) return false;
  const ProcessMemory memory = parts.processes.MeasureMemory(is.process);
  // size resident shared text lib data dt; lib and dt are 0 since Linux 2.6.
  Print(sink, "{} {} {} {} 0 {} 0\n", is.virtual_pages, is.resident_pages,
        memory.resident_file + memory.resident_shared, is.program_pages,
        memory.data + is.stack_pages);
  return true;
}

namespace {

void PrintMemoryStatus(const ProcessFacts& is, const ProcessMemory& memory, base::Sink& sink) {
  const auto line = [&sink](std::string_view name, uint64_t kib) {
    Print(sink, "{}:\t{:>8} kB\n", name, kib);
  };
  line("VmPeak", KiBOf(is.peak_virtual_pages));
  line("VmSize", KiBOf(is.virtual_pages));
  line("VmLck", KiBOf(is.locked_pages));
  line("VmPin", 0);
  line("VmHWM", KiBOf(is.peak_resident_pages));
  line("VmRSS", KiBOf(is.resident_pages));
  line("RssAnon", KiBOf(memory.resident_anonymous));
  line("RssFile", KiBOf(memory.resident_file));
  line("RssShmem", KiBOf(memory.resident_shared));
  line("VmData", KiBOf(memory.data));
  line("VmStk", KiBOf(is.stack_pages));
  line("VmExe", KiBOf(is.program_pages));
  line("VmLib", KiBOf(is.library_pages));
  line("VmPTE", is.table_bytes / kKiB);
  line("VmSwap", 0);
}

// Real, effective, saved, and the one for files, which is the effective one here.
void PrintIds(std::string_view name, const std::array<uint32_t, 3>& ids, base::Sink& sink) {
  Print(sink, "{}:\t{}\t{}\t{}\t{}\n", name, ids[0], ids[1], ids[2], ids[1]);
}

}  // namespace

bool PrintProcessStatus(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  ProcessFacts is;
  if (!parts.processes.Find(id, is)) return false;
  constexpr uint32_t kOctal = 8;
  Print(sink, "Name:\t{}\n", NameOf(is));
  Print(sink, "Umask:\t0{}{}{}\n", is.umask / kOctal / kOctal % kOctal, is.umask / kOctal % kOctal,
        is.umask % kOctal);
  Print(sink, "State:\t{} ({})\n", is.state, StateName(is.state));
  Print(sink, "Tgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n", is.process, is.id,
        is.parent);
  PrintIds("Uid", is.users, sink);
  PrintIds("Gid", is.groups, sink);
  const Ref<FileTable> files = parts.processes.Files(is.process);
  Print(sink, "FDSize:\t{}\nGroups:\t \n", files ? files->capacity() : 0);
  Print(sink, "NStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\nNSsid:\t{}\n", is.process, is.id, is.group,
        is.session);
  if (is.virtual_pages.value > 0) {
    PrintMemoryStatus(is, parts.processes.MeasureMemory(is.process), sink);
  }
  Print(sink, "Threads:\t{}\nSigQ:\t{}/{}\n", is.threads, is.queued_signals,
        is.most_queued_signals);
  Print(sink, "SigPnd:\t{:016x}\nShdPnd:\t{:016x}\nSigBlk:\t{:016x}\n", is.pending_signals,
        is.shared_pending_signals, is.blocked_signals);
  Print(sink, "SigIgn:\t{:016x}\nSigCgt:\t{:016x}\n", is.ignored_signals, is.caught_signals);
  sink.Write("Cpus_allowed:\t1\nCpus_allowed_list:\t0\n");
  Print(sink, "voluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n",
        is.voluntary_switches, is.involuntary_switches);
  return true;
}

// --- maps and smaps
// -------------------------------------------------------------------------------

namespace {

// Counts what passes through, to fill a line up to a column.
class CountingSink final : public base::Sink {
 public:
  explicit CountingSink(base::Sink& sink) : sink_(sink) {}
  void Write(std::string_view text) override {
    sink_.Write(text);
    written_ += text.size();
  }
  void FillTo(size_t column) {
    while (written_ < column) Write(" ");
  }

 private:
  base::Sink& sink_;
  size_t written_ = 0;
};

// Where names begin: Linux leaves room for six words in hexadecimal.
constexpr size_t kNameColumn = 25 + 6 * sizeof(uintptr_t);

void PrintMappingName(const ProcParts& parts, const MappingFacts& mapping, CountingSink& line) {
  if (mapping.file == nullptr && mapping.label.empty()) return;
  line.FillTo(kNameColumn);
  if (mapping.file == nullptr) return line.Write(mapping.label);
  std::array<char, 512> room;
  const auto path = parts.names.PathOf(*mapping.file, room);
  line.Write(path.value_or("(deleted)"));
}

void PrintMapping(const ProcParts& parts, const MappingFacts& mapping, base::Sink& sink) {
  const auto letter = [&mapping](mm::Access access, char is) {
    return mm::Has(mapping.access, access) ? is : '-';
  };
  const bool is_shared = mapping.sharing == MappingFacts::Sharing::kShared;
  CountingSink line(sink);
  Print(line, "{:08x}-{:08x} {}{}{}{} {:08x} ", mapping.range.base.value, Behind(mapping.range),
        letter(mm::Access::kRead, 'r'), letter(mm::Access::kWrite, 'w'),
        letter(mm::Access::kExecute, 'x'), is_shared ? 's' : 'p', mapping.offset_bytes);
  posix::FileStatus file;
  if (mapping.file != nullptr) file = mapping.file->Status();
  Print(line, "{:02x}:{:02x} {} ", file.containing_device.major, file.containing_device.minor,
        file.inode);
  PrintMappingName(parts, mapping, line);
  line.Write("\n");
}

void PrintMappingPages(const MappingFacts& is, base::Sink& sink) {
  const auto line = [&sink](std::string_view name, uint64_t kib) {
    Print(sink, "{:<16}{:>8} kB\n", name, kib);
  };
  const auto pages = [&line](std::string_view name, mm::PageCount count) {
    line(name, KiBOf(count));
  };
  line("Size:", is.range.size_bytes / kKiB);
  line("KernelPageSize:", mm::kPageSize / kKiB);
  line("MMUPageSize:", mm::kPageSize / kKiB);
  pages("Rss:", is.shared_clean + is.shared_dirty + is.private_clean + is.private_dirty);
  line("Pss:", is.proportional_bytes / kKiB);
  pages("Shared_Clean:", is.shared_clean);
  pages("Shared_Dirty:", is.shared_dirty);
  pages("Private_Clean:", is.private_clean);
  pages("Private_Dirty:", is.private_dirty);
  pages("Referenced:", is.referenced);
  pages("Anonymous:", is.anonymous);
  for (const std::string_view name :
       {"LazyFree:", "AnonHugePages:", "ShmemPmdMapped:", "FilePmdMapped:", "Shared_Hugetlb:",
        "Private_Hugetlb:", "Swap:", "SwapPss:"}) {
    line(name, 0);
  }
  pages("Locked:", is.locked);
  Print(sink, "{:<16}{:>8}\nVmFlags: {}\n", "THPeligible:", 0, is.flags);
}

}  // namespace

bool PrintMaps(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  ProcessFacts facts;
  if (!parts.processes.Find(id, facts)) return false;
  parts.processes.VisitMappings(facts.process, CountPages::kNo, [&](const MappingFacts& mapping) {
    PrintMapping(parts, mapping, sink);
  });
  return true;
}

bool PrintSmaps(const ProcParts& parts, ProcessId id, base::Sink& sink) {
  ProcessFacts facts;
  if (!parts.processes.Find(id, facts)) return false;
  parts.processes.VisitMappings(facts.process, CountPages::kYes, [&](const MappingFacts& mapping) {
    PrintMapping(parts, mapping, sink);
    PrintMappingPages(mapping, sink);
  });
  return true;
}

}  // namespace fs::proc
