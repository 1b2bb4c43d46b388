#include "kernel/process/process_facts.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/posix/time.h"
#include "kernel/process/areas.h"
#include "kernel/process/current.h"
#include "kernel/process/group.h"
#include "kernel/process/process.h"
#include "kernel/sync/cpu.h"

namespace process {
namespace {

char StateOf(const Process& process, const UserThread* thread) {
  if (process.life == LifeState::kZombie || thread == nullptr) return 'Z';
  if (process.stop_state == StopState::kStopped) return 'T';
  return thread->sched::Thread::state() == sched::ThreadState::kBlocked ? 'S' : 'R';
}

std::string_view LabelOf(mm::VmaKind kind) {
  switch (kind) {
    case mm::VmaKind::kHeap:
      return "[heap]";
    case mm::VmaKind::kStack:
      return "[stack]";
    case mm::VmaKind::kBlock:
      return "[shared]";
    default:
      return {};
  }
}

// Of a shared area that may be written, nobody knows which pages were.
void CountUsage(const mm::VmaUsage& usage, const mm::VmaReport& area, fs::MappingFacts& facts) {
  const bool may_be_dirty =
      area.sharing == mm::Sharing::kShared && mm::Has(area.access, mm::Access::kWrite);
  facts.shared_dirty = usage.own_shared;
  facts.private_dirty = usage.own - usage.own_shared;
  (may_be_dirty ? facts.shared_dirty : facts.shared_clean) += usage.object_shared;
  (may_be_dirty ? facts.private_dirty : facts.private_clean) += usage.object - usage.object_shared;
  facts.anonymous = usage.own;
  facts.referenced = usage.own + usage.object;
  if (area.locked != mm::Locked::kNo) facts.locked = facts.referenced;
  facts.proportional_bytes = usage.own_share_bytes + usage.object_share_bytes;
}

// The letters of smaps that mean something here, in Linux's order; see proc(5).
class FlagLetters {
 public:
  explicit FlagLetters(const mm::VmaReport& area) {
    AddRights(area.access, {"rd ", "wr ", "ex "});
    if (area.sharing == mm::Sharing::kShared) Add("sh ");
    AddRights(area.may, {"mr ", "mw ", "me "});
    if (area.sharing == mm::Sharing::kShared) Add("ms ");
    if (area.kind == mm::VmaKind::kStack) Add("gd ");
    if (area.kind == mm::VmaKind::kDevice) Add("io ");
    if (area.locked != mm::Locked::kNo) Add("lo ");
    if (IsPrivateAndWritable(area)) Add("ac ");
  }

  [[nodiscard]] std::string_view text() const { return {letters_.data(), size_}; }

 private:
  static constexpr size_t kMostFlags = 12;

  void Add(std::string_view flag) {
    CHECK(size_ + flag.size() <= letters_.size());
    std::ranges::copy(flag, letters_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += flag.size();
  }
  void AddRights(mm::Access access, const std::array<std::string_view, 3>& flags) {
    if (mm::Has(access, mm::Access::kRead)) Add(flags[0]);
    if (mm::Has(access, mm::Access::kWrite)) Add(flags[1]);
    if (mm::Has(access, mm::Access::kExecute)) Add(flags[2]);
  }

  std::array<char, kMostFlags * 3> letters_{};
  size_t size_ = 0;
};

}  // namespace

Process* ProcessFacts::FindProcess(fs::ProcessId id) const {
  return parts_.system.pids().Find(id).process;
}

UserThread* ProcessFacts::FindThread(fs::ProcessId id) const {
  const PidTable::Names names = parts_.system.pids().Find(id);
  if (names.thread != nullptr) return names.thread;
  return names.process != nullptr ? names.process->threads.first() : nullptr;
}

uint64_t ProcessFacts::NanosecondsOf(uint64_t ticks) const {
  return ticks * (posix::kNanosecondsPerSecond / parts_.ticks_per_second);
}

std::optional<fs::ProcessId> ProcessFacts::FindNext(fs::ProcessId after) {
  const Pid next = parts_.system.pids().ScanForProcess(after);
  if (next == 0) return std::nullopt;
  return next;
}

std::optional<fs::ProcessId> ProcessFacts::FindNextThread(fs::ProcessId process,
                                                          fs::ProcessId after) {
  Process* const found = FindProcess(process);
  if (found == nullptr) return std::nullopt;
  std::optional<fs::ProcessId> next;
  found->threads.ForEach([&](UserThread& thread) {
    if (thread.id() > after && (!next || thread.id() < *next)) next = thread.id();
  });
  return next;
}

fs::ProcessId ProcessFacts::Current() { return kernel::CurrentProcess().id(); }

bool ProcessFacts::Find(fs::ProcessId id, fs::ProcessFacts& facts) {
  UserThread* const thread = FindThread(id);
  Process* const process = thread != nullptr ? &thread->process() : FindProcess(id);
  if (process == nullptr) return false;
  facts.id = id;
  facts.process = process->id();
  facts.parent = process->parent != nullptr ? process->parent->id() : 0;
  if (process->group != nullptr) {
    facts.group = process->group->id();
    facts.session = process->group->session().id();
    if (facts.session == parts_.terminal.session()) {
      facts.terminal = parts_.terminal_device;
      facts.foreground_group = parts_.terminal.foreground_group();
    }
  }
  facts.state = StateOf(*process, thread);
  facts.name = process->name;
  facts.nice = process->nice;
  facts.threads = static_cast<uint32_t>(std::max<size_t>(process->thread_count, 1));
  facts.exit_signal = process->exit_signal;
  facts.exit_status = process->exit_status.value;
  if (process->place) facts.umask = process->place->umask();
  const Credentials& is = process->credentials;
  facts.users = {is.user, is.effective_user, is.saved_user};
  facts.groups = {is.group, is.effective_group, is.saved_group};
  facts.started = process->started;
  facts.children_user_time = NanosecondsOf(process->children_usage.user_ticks);
  facts.minor_faults = process->usage.minor_faults;
  facts.children_minor_faults = process->children_usage.minor_faults;
  facts.shared_pending_signals = process->signals.pending().bits();
  facts.queued_signals = static_cast<uint32_t>(parts_.system.queued_signals());
  facts.most_queued_signals = System::kMostQueuedSignals;
  if (thread != nullptr) AddThread(*thread, facts);
  if (process->space) AddMemory(*process, facts);
  return true;
}

void ProcessFacts::AddThread(UserThread& thread, fs::ProcessFacts& facts) const {
  Process& process = thread.process();
  uint64_t ticks = process.usage.user_ticks;
  process.threads.ForEach([&ticks](UserThread& one) { ticks += one.ticks(); });
  facts.user_time = NanosecondsOf(ticks);
  // Who waits for whatever happens has the time that nobody wants.
  if (process.system != nullptr) {
    facts.system_time = NanosecondsOf(parts_.system.scheduler().idle().ticks());
  }
  facts.pending_signals = thread.signals.queue.pending().bits();
  facts.blocked_signals = thread.signals.blocked.bits();
  facts.voluntary_switches = thread.sched::Thread::switches().voluntary;
  facts.involuntary_switches = thread.sched::Thread::switches().involuntary;
  facts.stack_pointer = arch::StackPointer(thread.registers());
  facts.instruction_pointer = arch::InstructionPointer(thread.registers());
  if (!process.actions) return;
  for (unsigned number = 1; number <= posix::kSignalCount; ++number) {
    const auto signal = static_cast<posix::Signal>(number);
    const uintptr_t handler = (*process.actions)[signal].handler;
    const uint64_t bit = posix::SignalSet::Of(signal).bits();
    if (handler == posix::kIgnoreHandler) {
      facts.ignored_signals |= bit;
    } else if (handler != posix::kDefaultHandler) {
      facts.caught_signals |= bit;
    }
  }
}

void ProcessFacts::AddMemory(Process& process, fs::ProcessFacts& facts) const {
  const mm::SpaceCounters counters = process.space->counters();
  facts.virtual_pages = counters.areas.total;
  facts.peak_virtual_pages = process.space->MostPages();
  facts.resident_pages = counters.physical_pages;
  facts.peak_resident_pages = {
      std::max(process.usage.most_resident_pages, counters.physical_pages.value)};
  facts.locked_pages = counters.areas.locked;
  facts.stack_pages = counters.areas.stack;
  facts.program_pages =
      std::min(mm::PagesFor(process.places.code.size_bytes), counters.areas.executable);
  facts.library_pages = counters.areas.executable - facts.program_pages;
  facts.table_bytes = counters.table_bytes;
  facts.code = process.places.code;
  facts.data = process.places.data;
  facts.heap_base = process.space->HeapBase();
  facts.stack_base = process.places.stack_base;
}

fs::Inode* ProcessFacts::FileOf(const mm::VmaReport& area) const {
  if (!area.object || area.object->owner() == &parts_.segments) return nullptr;
  return const_cast<fs::Inode*>(static_cast<const fs::Inode*>(area.object->owner()));
}

bool ProcessFacts::VisitMappings(fs::ProcessId process, fs::CountPages count,
                                 base::FunctionRef<void(const fs::MappingFacts&)> visitor) {
  Process* const found = FindProcess(process);
  if (found == nullptr || !found->space) return false;
  const kernel::AddressSpace& space = *found->space;
  ForEachArea(space, [&](const mm::VmaReport& area) {
    const FlagLetters flags(area);
    fs::MappingFacts facts = {.range = area.range,
                              .access = area.access,
                              .sharing = area.sharing == mm::Sharing::kShared
                                             ? fs::MappingFacts::Sharing::kShared
                                             : fs::MappingFacts::Sharing::kPrivate,
                              .offset_bytes = area.object ? area.offset_bytes : 0,
                              .file = FileOf(area),
                              .label = LabelOf(area.kind),
                              .flags = flags.text()};
    if (count == fs::CountPages::kYes) CountUsage(space.MeasureUsage(area.range), area, facts);
    visitor(facts);
  });
  return true;
}

fs::ProcessMemory ProcessFacts::MeasureMemory(fs::ProcessId process) {
  const Process* const found = FindProcess(process);
  if (found == nullptr || !found->space) return {};
  fs::ProcessMemory memory;
  ForEachArea(*found->space, [&](const mm::VmaReport& area) {
    const mm::VmaUsage usage = found->space->MeasureUsage(area.range);
    memory.resident_anonymous += usage.own;
    (FileOf(area) != nullptr ? memory.resident_file : memory.resident_shared) += usage.object;
    if (IsData(area)) {
      memory.data += mm::PagesFor(area.range.size_bytes);
    }
  });
  return memory;
}

// Page by page, through the page table: it need not be the running process. A page that the process
// has not got ends it.
bool ProcessFacts::PrintLayout(fs::ProcessId id, base::Sink& sink) {
  UserThread* const thread = FindThread(id);
  if (thread == nullptr || !thread->process().space) return false;
  parts_.layout.Print(thread->process(), sink);
  return true;
}

posix::Result<size_t> ProcessFacts::ReadText(fs::ProcessId process, fs::ProcessText text,
                                             uint64_t offset, fs::Destination& destination) {
  Process* const found = FindProcess(process);
  if (found == nullptr || !found->space) return size_t{0};
  const mm::VirtRange& whole =
      text == fs::ProcessText::kCommandLine ? found->places.arguments : found->places.environment;
  const size_t before = destination.moved();
  while (offset < whole.size_bytes && destination.left() > 0) {
    const mm::VirtAddr va = whole.base + offset;
    const auto page = found->space->table().PageAt(va);
    if (!page) break;
    const auto in_page = static_cast<size_t>(va.value % mm::kPageSize);
    const size_t count =
        static_cast<size_t>(std::min<uint64_t>(mm::kPageSize - in_page, whole.size_bytes - offset));
    const locking::CpuPin pin;
    const mm::FrameWindow window = parts_.windows.Open(pin, page->frame);
    const size_t put = destination.Put(std::span(window.bytes()).subspan(in_page, count));
    if (put == 0) break;
    offset += put;
  }
  return destination.moved() - before;
}

fs::Ref<fs::Inode> ProcessFacts::Executable(fs::ProcessId process) {
  Process* const found = FindProcess(process);
  return found != nullptr ? found->executable : fs::Ref<fs::Inode>();
}

fs::Ref<fs::Inode> ProcessFacts::WorkingDirectory(fs::ProcessId process) {
  Process* const found = FindProcess(process);
  if (found == nullptr || !found->place) return {};
  return fs::Ref<fs::Inode>(&found->place->directory());
}

fs::Ref<fs::FileTable> ProcessFacts::Files(fs::ProcessId process) {
  Process* const found = FindProcess(process);
  return found != nullptr ? found->files : fs::Ref<fs::FileTable>();
}

}  // namespace process
