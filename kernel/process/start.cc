#include "kernel/process/start.h"

#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/print.h"
#include "kernel/posix/errno_name.h"
#include "kernel/process/argument_block.h"
#include "kernel/process/exec.h"
#include "kernel/process/exit.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"

namespace process {
namespace {

// What a shell gives to a command that cannot be executed.
constexpr unsigned kCannotExecute = 126;

constinit const FirstProgram* first_program = nullptr;
constinit const FirstProgram* system_program = nullptr;
constinit unsigned system_restarts = 0;

posix::Result<> ExecuteFirst(UserThread& thread, const FirstProgram& program) {
  const Environment& environment = TheSystem().environment();
  ArgumentBlock arguments(environment.heap);
  for (const std::string_view text : program.arguments) TRY(arguments.AddArgument(text));
  for (const std::string_view text : program.environment) TRY(arguments.AddEnvironment(text));
  auto file = TRY(environment.names.Find(thread.process().place->directory(), program.path));
  return Execute(thread, std::move(file), program.path, arguments);
}

// Whether the process goes on.
bool ExecuteOrEnd(UserThread& thread, const FirstProgram& program) {
  const auto executed = ExecuteFirst(thread, program);
  if (executed) return true;
  base::Print(TheSystem().environment().log, "cannot execute {}: {}\n", program.path,
              posix::ErrnoName(executed.error()));
  EndProcess(thread.process(), ExitStatus::Exited(kCannotExecute));
  return false;
}

void BeginInit(UserThread& thread) { static_cast<void>(ExecuteOrEnd(thread, *first_program)); }

void BeginSystemProcess(UserThread& thread) {
  if (!ExecuteOrEnd(thread, *system_program)) return;
  Process& process = thread.process();
  if (BecomeSystemProcess(process)) return;
  EndProcess(process, ExitStatus::Killed(posix::Signal::kKill));
}

// Linux's, where they are not unlimited.
void SetFirstLimits(posix::Limits& limits) {
  using posix::Resource;
  constexpr uint64_t kStackBytes = uint64_t{8} << 20;
  limits[Resource::kStackBytes].soft = kStackBytes;
  limits[Resource::kCoreBytes].soft = 0;
  limits[Resource::kOpenFiles] = {fs::FileTable::kDefaultLimit, fs::FileTable::kMostDescriptors};
  limits[Resource::kProcesses] = {PidTable::kLimit, PidTable::kLimit};
  constexpr uint64_t kMessageQueueBytes = 819'200;
  limits[Resource::kMessageQueueBytes] = {kMessageQueueBytes, kMessageQueueBytes};
  limits[Resource::kPendingSignals] = {System::kMostQueuedSignals, System::kMostQueuedSignals};
}

// Standard input, output and errors.
posix::Result<fs::Ref<fs::FileTable>> OpenConsole() {
  const Environment& environment = TheSystem().environment();
  auto table = TRY(fs::MakeObject<fs::FileTable>(environment.memory));
  const fs::Ref<fs::OpenFile> console = TRY(environment.names.Open(
      environment.names.root(), "/dev/console",
      posix::open_flag::kReadWrite | posix::open_flag::kNoControllingTerminal));
  for (int descriptor = 0; descriptor < 3; ++descriptor) {
    TRY(table->Place(console, descriptor, fs::CloseOnExec::kNo));
  }
  return table;
}

// A process of its own session, whose first thread does `begin` as soon as it runs.
posix::Result<UserThread*> StartProcess(void (*begin)(UserThread& self)) {
  System& system = TheSystem();
  auto owned = TRY(system.MakeProcess());
  const Environment& environment = system.environment();
  owned->files = TRY(OpenConsole());
  owned->place = TRY(fs::MakeObject<fs::WorkingState>(
      environment.memory, fs::Ref<fs::Inode>(&environment.names.root())));
  owned->actions = TRY(fs::MakeObject<SignalActions>(system.environment().memory));
  auto space = system.environment().spaces.CreateSpace();
  if (!space) return std::unexpected(posix::Errno::kOutOfMemory);
  owned->space = *std::move(space);
  SetFirstLimits(owned->limits);
  auto thread = TRY(system.MakeThread(*owned));
  ProcessGroup& group = *TRY(system.MakeSession(owned->id()));
  system.Join(*owned, group);
  arch::PrepareThread(thread->state(), thread->kernel_stack(), arch::StartRegisters({}, {}));
  thread->beginning.run = begin;

  Process& process = *owned.release();
  UserThread& first = *thread.release();
  process.started = system.scheduler().Now();
  process.threads.PushBack(first);
  ++process.thread_count;
  system.scheduler().Start(first);
  system.scheduler().SetSignal(first, true);  // to begin
  return &first;
}

}  // namespace

void BootThread::SwitchFrom(sched::Thread& previous) {
  // It stays in the address space of whoever ran: the kernel is in all of them.
  arch::SwitchThread(MachineThreadOf(previous).state(), state(), stack_);
}

void BootThread::Bury() { CHECK(false); }  // it never finishes

posix::Result<> StartInit(const FirstProgram& program) {
  System& system = TheSystem();
  CHECK(system.init() == nullptr);
  first_program = &program;
  UserThread& thread = *TRY(StartProcess(BeginInit));
  system.SetInit(thread.process());
  return {};
}

posix::Result<> StartSystemProcess(const FirstProgram& program) {
  system_program = &program;
  UserThread& thread = *TRY(StartProcess(BeginSystemProcess));
  TheSystem().scheduler().Favour(thread);
  return {};
}

void RestartSystemProcess(ExitStatus status) {
  constexpr unsigned kMostRestarts = 3;
  base::Sink& log = TheSystem().environment().log;
  if (status.IsKilled()) {
    base::Print(log, "the system process was killed by signal {}\n", status.value & 0x7f);
  } else {
    base::Print(log, "the system process ended with status {}\n", status.value >> 8);
  }
  if (TheSystem().init() == nullptr || system_program == nullptr) return;
  if (++system_restarts > kMostRestarts) {
    base::Print(log, "the system process is not started again: it has ended too often\n");
    return;
  }
  if (const auto started = StartSystemProcess(*system_program); !started) {
    base::Print(log, "the system process cannot be started again: {}\n",
                posix::ErrnoName(started.error()));
  }
}

ExitStatus RunUntilInitEnds(base::FunctionRef<void()> sleep) {
  System& system = TheSystem();
  system.scheduler().RunIdle([&] { return system.init() == nullptr; }, sleep);
  // Whatever programs did.
  CHECK(system.CheckInvariants().has_value());
  return system.init_status();
}

}  // namespace process
