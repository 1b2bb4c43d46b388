// All processes, and how they and their threads are made and given back.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernel/base/check.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/posix/errno.h"
#include "kernel/process/device_objects.h"
#include "kernel/process/environment.h"
#include "kernel/process/group.h"
#include "kernel/process/machine_thread.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/process.h"
#include "kernel/process/signal_queue.h"
#include "kernel/process/stack_cache.h"
#include "kernel/process/user_thread.h"
#include "kernel/sched/scheduler.h"
#include "kernel/space/thread_table.h"

namespace process {

class System {
 public:
  // Signals that are pending with what is known of them: of all processes together.
  static constexpr size_t kMostQueuedSignals = 4096;

  System(const Environment& environment, sched::Scheduler& scheduler);
  System(const System&) = delete;
  System& operator=(const System&) = delete;

  [[nodiscard]] const Environment& environment() const { return environment_; }
  [[nodiscard]] sched::Scheduler& scheduler() const { return scheduler_; }
  [[nodiscard]] PidTable& pids() { return pids_; }
  [[nodiscard]] StackCache& stacks() { return stacks_; }

  // Gives back what is kept for threads to come.
  void DropCaches() {
    scheduler_.BuryFinished();
    stacks_.GiveBack();
    pids_.DropCaches();
  }

  // The first process; null before it starts and after it has ended.
  [[nodiscard]] Process* init() const { return init_; }
  void SetInit(Process& process) { init_ = &process; }
  void EndInit(ExitStatus status) {
    init_ = nullptr;
    init_status_ = status;
  }
  // Of the init that has ended last.
  [[nodiscard]] ExitStatus init_status() const { return init_status_; }

  // Null when none is alive.
  [[nodiscard]] SystemProcess* system_process() const { return system_process_; }
  void SetSystemProcess(SystemProcess* process) { system_process_ = process; }
  [[nodiscard]] DeviceObjects& device_objects() { return device_objects_; }

  // Memory of system processes that are no more, which devices may still use.
  static constexpr size_t kMostKeptForDevices = 64;
  [[nodiscard]] size_t kept_for_devices() const { return kept_count_; }
  // CHECKed: there is room.
  void KeepForDevices(const mm::ObjectReference& memory);
  void DropKeptForDevices();

  [[nodiscard]] size_t process_count() const { return process_count_; }
  [[nodiscard]] size_t thread_count() const { return thread_count_; }
  // Page faults of processes that are no more.
  [[nodiscard]] uint64_t ended_minor_faults() const { return ended_minor_faults_; }
  [[nodiscard]] size_t queued_signals() const { return queued_signals_; }
  [[nodiscard]] uint64_t forks() const { return forks_; }
  void CountFork() { ++forks_; }

  struct Delete {
    void operator()(UserThread* thread) const;
    void operator()(Process* process) const;
  };
  using OwnedThread = std::unique_ptr<UserThread, Delete>;
  using OwnedProcess = std::unique_ptr<Process, Delete>;

  // A process without threads; it belongs to no family and no group. Error: kOutOfMemory.
  [[nodiscard]] posix::Result<OwnedProcess> MakeProcess();
  // A thread of `process` that nobody knows yet, with a number: a process's first one gives it its
  // number. Errors: kOutOfMemory, kAgain (no number is free).
  [[nodiscard]] posix::Result<OwnedThread> MakeThread(Process& process);

  // Null when memory ends or too many are pending.
  [[nodiscard]] QueuedSignal* MakeQueuedSignal();
  void FreeQueuedSignal(QueuedSignal& entry);

  // Groups and sessions. A process is in one group, once it has been put in one, until it is told
  // of. Errors: kOutOfMemory.
  [[nodiscard]] posix::Result<ProcessGroup*> MakeGroup(Pid id, Session& session);
  [[nodiscard]] posix::Result<ProcessGroup*> MakeSession(Pid id);
  void Join(Process& process, ProcessGroup& group);
  void Leave(Process& process);

  // The table that the processor walks from now on is the space's, or the native thread's.
  void Activate(kernel::AddressSpace& space);
  void Activate(kernel::ThreadTable& table);
  // None of a program any more, whosever it is; or if it is this one.
  void Deactivate();
  void Deactivate(const kernel::AddressSpace& space) { DeactivateIf(&space); }
  void Deactivate(const kernel::ThreadTable& table) { DeactivateIf(&table); }

  // Another one each time.
  [[nodiscard]] uint64_t NextNativeSerial() { return ++native_threads_; }

  // Whether every process is in its family, its group and the table of numbers, with its threads,
  // and nothing is counted that is not there. Error: kCorrupt. O(processes and threads).
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  friend class UserThread;

  void DeactivateIf(const void* walked);

  Environment environment_;
  sched::Scheduler& scheduler_;
  PidTable pids_;
  StackCache stacks_;
  DeviceObjects device_objects_;
  Process* init_ = nullptr;
  SystemProcess* system_process_ = nullptr;
  std::array<mm::ObjectReference, kMostKeptForDevices> kept_for_devices_;
  size_t kept_count_ = 0;
  ExitStatus init_status_;
  // An address space or a native thread's table; null: the kernel's own, or one that is gone.
  const void* active_ = nullptr;
  uint64_t native_threads_ = 0;  // ever made
  size_t process_count_ = 0;
  size_t thread_count_ = 0;
  size_t queued_signals_ = 0;
  uint64_t forks_ = 0;
  uint64_t ended_minor_faults_ = 0;
};

namespace internal {
inline constinit System* the_system = nullptr;
}  // namespace internal

// Called once, before the first process; `system` is never given up.
void UseSystem(System& system);

// CHECKed: there is one.
[[nodiscard]] inline System& TheSystem() {
  CHECK(internal::the_system != nullptr);
  return *internal::the_system;
}

}  // namespace process
