// The first processes, and what the thread that booted does from then on.
#pragma once

#include <span>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/object.h"
#include "kernel/mm/facts/range.h"
#include "kernel/posix/errno.h"
#include "kernel/process/machine_thread.h"
#include "kernel/process/process.h"

namespace process {

// The thread that booted: it runs when no other can.
class BootThread final : public MachineThread {
 public:
  explicit BootThread(const mm::VirtRange& stack)
      : MachineThread(arch::ThreadState{}), stack_(stack) {}

  void SwitchFrom(sched::Thread& previous) override;
  void Bury() override;

 private:
  mm::VirtRange stack_;
};

// What the first process is to be. All of it stays until the process has executed it.
struct FirstProgram {
  std::string_view path;
  std::span<const std::string_view> arguments;
  std::span<const std::string_view> environment;
};

// Makes process 1, which executes the program as soon as it runs, in a session of its own, with the
// console as its descriptors. Called on the boot thread. Errors: kOutOfMemory, those of opening the
// console.
[[nodiscard]] posix::Result<> StartInit(const FirstProgram& program);

// The same for the system process (system_process.h), which belongs to no family and runs before
// init does. When its program cannot be executed it ends, and there is none. `program` stays.
[[nodiscard]] posix::Result<> StartSystemProcess(const FirstProgram& program);

// It has ended: that is reported, and while there is an init it is started again, three times at
// most.
void RestartSystemProcess(ExitStatus status);

// On the boot thread: lets processes run until init has ended; then its exit status. `sleep` waits
// for an interrupt, interrupts being on meanwhile.
[[nodiscard]] ExitStatus RunUntilInitEnds(base::FunctionRef<void()> sleep);

}  // namespace process
