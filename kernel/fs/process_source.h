// What /proc shows of processes. The process table implements it; it knows nothing of files.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/base/print.h"
#include "kernel/fs/buffer.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/inode.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"

namespace fs {

using ProcessId = int32_t;

// Times are in nanoseconds since start-up, or of processor time.
struct ProcessFacts {
  ProcessId id = 0;       // of the thread, where one was asked for
  ProcessId process = 0;  // Tgid
  ProcessId parent = 0;
  ProcessId group = 0;
  ProcessId session = 0;
  ProcessId foreground_group = -1;  // of the controlling terminal
  posix::DeviceNumber terminal{};   // none: zeroes
  char state = 'R';                 // R, S, D, T, Z, X, as ps shows it
  std::array<char, 16> name{};      // comm, zero-terminated
  int32_t nice = 0;
  uint32_t threads = 1;
  uint32_t exit_signal = 17;  // SIGCHLD
  uint32_t exit_status = 0;
  uint32_t umask = 022;
  // Whom it acts for: real, effective and saved.
  std::array<uint32_t, 3> users{};
  std::array<uint32_t, 3> groups{};

  uint64_t started = 0;
  uint64_t user_time = 0;
  uint64_t system_time = 0;
  uint64_t children_user_time = 0;
  uint64_t children_system_time = 0;
  uint64_t minor_faults = 0;
  uint64_t major_faults = 0;
  uint64_t children_minor_faults = 0;
  uint64_t children_major_faults = 0;
  uint64_t voluntary_switches = 0;
  uint64_t involuntary_switches = 0;

  // Masks with bit n - 1 for signal n.
  uint64_t pending_signals = 0;         // of the thread
  uint64_t shared_pending_signals = 0;  // of the process
  uint64_t blocked_signals = 0;
  uint64_t ignored_signals = 0;
  uint64_t caught_signals = 0;
  // With what is known of them: of all processes together, which share one limit.
  uint32_t queued_signals = 0;
  uint32_t most_queued_signals = 0;

  // Memory; all zero for what has none any more, such as a zombie.
  mm::PageCount virtual_pages{};
  mm::PageCount peak_virtual_pages{};
  mm::PageCount resident_pages{};
  mm::PageCount peak_resident_pages{};
  mm::PageCount locked_pages{};
  mm::PageCount stack_pages{};
  mm::PageCount program_pages{};  // executable, of the program
  mm::PageCount library_pages{};  // other executable ones
  uint64_t table_bytes = 0;       // of page tables
  std::optional<uint64_t> resident_limit_bytes{};

  mm::VirtRange code{};
  mm::VirtRange data{};
  mm::VirtAddr heap_base{};
  mm::VirtAddr stack_base{};  // where it began
  mm::VirtAddr stack_pointer{};
  mm::VirtAddr instruction_pointer{};
};

// One mapping, as maps and smaps show it.
struct MappingFacts {
  mm::VirtRange range;
  mm::Access access;
  enum class Sharing : uint8_t { kPrivate, kShared } sharing = Sharing::kPrivate;
  uint64_t offset_bytes = 0;
  Inode* file = nullptr;     // null: anonymous memory, or a device
  std::string_view label{};  // "[heap]", "[stack]"; shown where there is no file
  // Pages that are mapped now.
  mm::PageCount shared_clean{};
  mm::PageCount shared_dirty{};
  mm::PageCount private_clean{};
  mm::PageCount private_dirty{};
  mm::PageCount referenced{};
  mm::PageCount anonymous{};
  mm::PageCount locked{};
  uint64_t proportional_bytes = 0;  // Pss
  // The two letters of smaps' VmFlags, each with a space behind: "rd wr mr mw me ac ".
  std::string_view flags{};
};

// What a process's memory is made of, by a look at every page.
struct ProcessMemory {
  mm::PageCount resident_anonymous{};
  mm::PageCount resident_file{};
  mm::PageCount resident_shared{};
  mm::PageCount data{};  // private and writable, the stack not among them; whether there or not
};

// Whether the counts of pages are wanted, which take a walk of the page tables.
enum class CountPages : uint8_t { kNo, kYes };

// What a process keeps in its own memory.
enum class ProcessText : uint8_t { kCommandLine, kEnvironment };

// Nothing blocks. A process that is gone has nothing, and every call says so in its way.
class ProcessSource {
 public:
  // The lowest number above `after` that a process has; none: there is no more.
  [[nodiscard]] virtual std::optional<ProcessId> FindNext(ProcessId after) = 0;
  // The same of a process's threads, the first of which has the number of the process.
  [[nodiscard]] virtual std::optional<ProcessId> FindNextThread(ProcessId process,
                                                                ProcessId after) = 0;
  // The process that is running.
  [[nodiscard]] virtual ProcessId Current() = 0;

  // Of a process, or of one of its threads, whose own times and signals it then has.
  [[nodiscard]] virtual bool Find(ProcessId id, ProcessFacts& facts) = 0;

  // All zero when there is no address space.
  [[nodiscard]] virtual ProcessMemory MeasureMemory(ProcessId process) = 0;
  // In the order of addresses. False when there is no address space.
  virtual bool VisitMappings(ProcessId process, CountPages count,
                             base::FunctionRef<void(const MappingFacts&)> visitor) = 0;
  // From `offset` on into `destination`; the bytes moved, 0 at the end.
  virtual posix::Result<size_t> ReadText(ProcessId process, ProcessText text, uint64_t offset,
                                         Destination& destination) = 0;

  // Null: none, or gone.
  // Compares the process's page tables with the layout, and prints what comes of it. False when
  // there is no such process, or it has no memory any more.
  virtual bool PrintLayout(ProcessId process, base::Sink& sink) = 0;
  [[nodiscard]] virtual Ref<Inode> Executable(ProcessId process) = 0;
  [[nodiscard]] virtual Ref<Inode> WorkingDirectory(ProcessId process) = 0;
  [[nodiscard]] virtual Ref<FileTable> Files(ProcessId process) = 0;

 protected:
  ProcessSource() = default;
  ~ProcessSource() = default;
  ProcessSource(const ProcessSource&) = default;
  ProcessSource& operator=(const ProcessSource&) = default;
};

}  // namespace fs
