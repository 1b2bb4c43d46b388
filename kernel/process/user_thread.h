// A thread of a program.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/ops/thread_state.h"
#include "arch/ops/user_mode.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/posix/signal.h"
#include "kernel/process/machine_thread.h"
#include "kernel/process/name.h"
#include "kernel/process/open_call.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/signal_queue.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/wait_queue.h"

namespace process {

class NativeThread;
class Process;

// For the list of a process's threads.
struct ThreadOfProcess;

// What signals mean to one thread.
struct ThreadSignals {
  SignalQueue queue;         // for this thread alone
  posix::SignalSet blocked;  // changed by SetBlocked() of signal_delivery.h
  // sigsuspend and its like: the mask to come back to, once handlers have been set up.
  std::optional<posix::SignalSet> blocked_before;
  posix::SignalStack alternate;
  // What sigtimedwait waits for: such a signal ends the wait although it is blocked.
  posix::SignalSet awaited;
};

// What the C library asked to be done about a thread when it ends. Addresses are the program's, and
// hostile.
struct ThreadFarewell {
  uintptr_t clear_thread_id = 0;  // 0, or where to write 0 and wake a futex
  uintptr_t robust_list = 0;      // 0, or the head of the list of locks that it holds
};

class UserThread final : public MachineThread, public base::ListHook<ThreadOfProcess> {
 public:
  // In no process's list yet. `stack` is a kernel stack.
  UserThread(Process& process, const mm::VirtRange& stack) : process_(process), stack_(stack) {}

  [[nodiscard]] Process& process() const { return process_; }
  // Unique among threads and processes; a process has the number of its first thread.
  [[nodiscard]] Pid id() const { return id_; }
  void SetId(Pid id) { id_ = id; }

  [[nodiscard]] const mm::VirtRange& kernel_stack() const { return stack_; }
  // Those that its last entry into the kernel saved.
  [[nodiscard]] arch::UserRegisters& registers() const { return arch::RegistersOf(stack_); }

  ThreadSignals signals;
  ThreadFarewell farewell;

  // What the thread does before it sees user mode for the first time.
  struct Beginning {
    uintptr_t write_id_at = 0;                // 0, or where the program wants the thread's number
    void (*run)(UserThread& self) = nullptr;  // instead of user mode: to execute a program
  };
  Beginning beginning;

  // Of any but the first thread: that one's is the process's.
  Name name{};

  unsigned exit_code = 0;  // of exit(), which ends this thread alone

  // The deadline of a call with a timeout that was interrupted and may be issued again; the call
  // then goes on to wait for this one. Nothing, while no such call is open.
  std::optional<sched::Deadline> kept_deadline;

  // Where a copy of the present call has met a page that is still to be loaded.
  std::optional<mm::VirtAddr> absent_page;

  // The processor walks the thread's page table, its own or its process's, from now on.
  void ActivateTable();

  // Null for a thread that POSIX knows: see native_threads.h.
  NativeThread* native = nullptr;
  // A message of this thread that it awaits the reply to.
  OpenCall open_call{*this};

  // vfork: its child that still runs on this process's memory, and where this thread waits for it
  // to let go.
  Process* child_in_our_space = nullptr;
  sched::WaitQueue space_returned;

  void SwitchFrom(sched::Thread& previous) override;
  void Bury() override;

 private:
  Process& process_;
  Pid id_ = 0;
  mm::VirtRange stack_;
};

}  // namespace process
