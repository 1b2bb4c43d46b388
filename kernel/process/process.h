// A process: an address space, files, and what the system knows of them, with one thread or more.
//
// From its making to its end:
//   fork.h makes it · exec.h gives it a program · exit.h ends it, and it is a zombie then ·
//   wait.h tells its parent, and it is gone
// Nothing here has a lock: see kernel/sched/scheduler.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/intrusive_list.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/mm/checks/process_plan.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/posix/resource.h"
#include "kernel/posix/signal.h"
#include "kernel/process/group.h"
#include "kernel/process/name.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/process_timers.h"
#include "kernel/process/signal_actions.h"
#include "kernel/process/signal_queue.h"
#include "kernel/process/timers.h"
#include "kernel/process/user_thread.h"
#include "kernel/sched/wait_queue.h"
#include "kernel/space/address_space.h"

namespace process {

class SystemProcess;

// For the list of a process's children.
struct ChildOfProcess;

// Whom a process acts for. Everybody may do everything here; the numbers are kept for programs that
// ask.
struct Credentials {
  uint32_t user = 0;
  uint32_t effective_user = 0;
  uint32_t saved_user = 0;
  uint32_t group = 0;
  uint32_t effective_group = 0;
  uint32_t saved_group = 0;
};

// Where exec put what /proc and the C library ask for.
struct ProgramPlaces {
  mm::VirtRange arguments{};    // texts, one behind the other, each with its 0
  mm::VirtRange environment{};  // the same
  mm::VirtRange code{};
  mm::VirtRange data{};
  mm::VirtAddr stack_base{};  // the first stack pointer
};

struct Usage {
  uint64_t user_ticks = 0;
  uint64_t minor_faults = 0;
  uint64_t signals = 0;
  uint64_t most_resident_pages = 0;

  // Sums; of `most_resident_pages` the larger.
  void Add(const Usage& other);
};

enum class LifeState : uint8_t {
  kAlive,
  kEnding,  // all threads are on their way out
  kZombie,  // nothing is left but what wait() tells
};

// Of job control. A stopped process's threads stay in the kernel when they come there.
enum class StopState : uint8_t { kRunning, kStopped };

// What became of a child, as wait() tells it: the status's encoding is Linux's.
struct ExitStatus {
  uint32_t value = 0;

  [[nodiscard]] static constexpr ExitStatus Exited(unsigned code) { return {(code & 0xff) << 8}; }
  [[nodiscard]] static constexpr ExitStatus Killed(posix::Signal signal) {
    return {posix::NumberOf(signal)};
  }
  [[nodiscard]] static constexpr ExitStatus Stopped(posix::Signal signal) {
    return {posix::NumberOf(signal) << 8 | 0x7f};
  }
  [[nodiscard]] static constexpr ExitStatus Continued() { return {0xffff}; }
  [[nodiscard]] constexpr bool IsKilled() const { return (value & 0x7f) != 0; }
};

class Process final : public base::ListHook<ChildOfProcess>, public base::ListHook<GroupMember> {
 public:
  Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // That of its first thread; 0 until there is one.
  [[nodiscard]] Pid id() const { return id_; }
  void SetId(Pid id) { id_ = id; }

  // --- Family. Init has no parent. ---
  Process* parent = nullptr;
  base::List<Process, ChildOfProcess> children;
  // Woken when a child ends, stops or goes on.
  sched::WaitQueue child_changed;
  ProcessGroup* group = nullptr;  // null for a zombie that has been told of
  bool has_executed = false;      // setpgid() by the parent is over

  // --- Threads ---
  base::List<UserThread, ThreadOfProcess> threads;
  size_t thread_count = 0;
  // exec waits here until it is the only one.
  sched::WaitQueue thread_ended;

  // --- What threads share. All empty for a zombie. ---
  kernel::SpaceReference space;
  fs::Ref<fs::FileTable> files;
  fs::Ref<fs::WorkingState> place;
  fs::Ref<SignalActions> actions;
  fs::Ref<fs::Inode> executable;

  // --- Signals and job control ---
  SignalQueue signals;  // for whichever thread takes them
  // What the parent gets at the end; 0 for none.
  unsigned exit_signal = posix::NumberOf(posix::Signal::kChild);
  StopState stop_state = StopState::kRunning;
  posix::Signal stop_signal = posix::Signal::kStop;
  bool has_untold_stop = false;      // for a wait() with WUNTRACED
  bool has_untold_continue = false;  // for one with WCONTINUED
  sched::WaitQueue continued;        // its threads, while it is stopped

  // --- The end ---
  LifeState life = LifeState::kAlive;
  ExitStatus exit_status;
  // vfork: the thread that waits for this process to let go of its memory.
  UserThread* space_owner_waits = nullptr;

  // --- Numbers ---
  Name name{};
  ProgramPlaces places;
  int nice = 0;
  uint8_t dumpable = 1;  // kept for who asks: nothing is dumped
  // Of the process that drives devices, and of no other: its right to do so. See system_process.h.
  SystemProcess* system = nullptr;
  // Of an application of the kernel image: it has the parts of this plan, and maps nothing else.
  std::optional<mm::ProcessPlan> plan;
  posix::Limits limits;
  Credentials credentials;
  Usage usage;              // of threads that have ended
  Usage children_usage;     // of children that wait() told of
  uint64_t started = 0;     // nanoseconds of the monotonic clock
  AlarmTimer alarm{*this};  // alarm() and ITIMER_REAL
  ProcessTimers timers{*this};

  [[nodiscard]] std::string_view NameText() const {
    const std::string_view all(name.data(), name.size());
    return all.substr(0, all.find('\0'));
  }

 private:
  Pid id_ = 0;
};

}  // namespace process
