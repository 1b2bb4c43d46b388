#include "kernel/init/programs.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "arch/ops/console.h"
#include "arch/ops/cpu.h"
#include "arch/ops/power.h"
#include "arch/ops/stacks.h"
#include "arch/ops/timer.h"
#include "kernel/base/check.h"
#include "kernel/fs/buffer.h"
#include "kernel/fs/devices.h"
#include "kernel/fs/disk.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/frame_archive.h"
#include "kernel/fs/heap_memory.h"
#include "kernel/fs/initrd.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/proc.h"
#include "kernel/fs/queue_file.h"
#include "kernel/fs/terminal.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/init/console.h"
#include "kernel/init/driver_devices.h"
#include "kernel/init/first_program.h"
#include "kernel/init/image_applications.h"
#include "kernel/init/memory_source.h"
#include "kernel/init/process_layout.h"
#include "kernel/init/system_source.h"
#include "kernel/init/user_memory.h"
#include "kernel/init/world.h"
#include "kernel/ipc/message_queues.h"
#include "kernel/ipc/shared_segments.h"
#include "kernel/posix/errno_name.h"
#include "kernel/process/process_facts.h"
#include "kernel/process/start.h"
#include "kernel/process/system.h"
#include "kernel/process/terminal_jobs.h"
#include "kernel/process/traps.h"
#include "kernel/sched/running.h"
#include "kernel/sched/scheduler.h"
#include "kernel/sched/traps.h"
#include "kernel/syscall/services.h"
#include "kernel/syscall/system_call.h"

namespace kernel {
namespace {

class SerialLine final : public fs::TerminalLine {
 public:
  void Send(char c) override { arch::WriteCharacter(c); }
};

constexpr posix::DeviceNumber kRootDevice = {0, 1};

// What drives the devices, if it is there.
constexpr std::string_view kSystemProgram = "/system/dispatcher";

mm::VirtRange BootStack() {
  const auto stack = arch::StackContaining(mm::AddressOf(__builtin_frame_address(0)));
  CHECK(stack.has_value());
  return *stack;
}

// Everything that programs stand on. Too large for a stack, and never given up.
class Programs {
 public:
  Programs(const System& system, const BootInfo& boot, const mm::PhysRange& module)
      : memory_(system),
        drivers_(system, boot, memory_.objects()),
        applications_(system),
        layout_(system, memory_.shared_region()),
        world_(boot.seed),
        heap_(system.objects.heap()),
        terminal_(line_, jobs_, world_),
        disk_(heap_, memory_.objects()),
        devices_({heap_, world_, terminal_, jobs_, disk_}),
        // Half of what is free, as on Linux.
        files_({heap_, world_, memory_.objects(), devices_}, kRootDevice,
               mm::PageCount{system.memory.FreePages().value / 2}),
        archive_(system.areas.windows(), module),
        pipes_(heap_, world_),
        posix_queues_(heap_, world_),
        boot_thread_(BootStack()),
        scheduler_(boot_thread_, {arch::MonotonicNanoseconds, arch::InterruptBy},
                   kernel_return_work),
        queues_(system.objects.heap()),
        segments_(system.objects.heap(), memory_.objects()),
        system_(system),
        windows_(system.areas.windows()),
        kernel_heap_(system.objects.heap()),
        command_line_(boot.command_line) {}

  // The root file system, and what starts programs. Errors: kOutOfMemory, and kNoEntry when the
  // module is no archive.
  posix::Result<> Start();

  // Until the first program ends.
  process::ExitStatus Run(const FirstProgramChoice& choice);

  [[nodiscard]] bool Has(std::string_view path) {
    return names_->Find(names_->root(), path).has_value();
  }

 private:
  static void OnTimer(uint32_t ticks);

  posix::Result<> Unpack();
  posix::Result<> MountProc();
  posix::Result<> NameApplications();
  using Starter = posix::Result<>(const process::FirstProgram&);
  // Without the program there is no going on.
  void StartOrEnd(const process::FirstProgram& program, Starter* start);

  UserMemory memory_;
  DriverDevices drivers_;
  ImageApplications applications_;
  ProcessLayout layout_;
  World world_;
  fs::HeapMemory heap_;
  process::TerminalJobs jobs_;
  SerialLine line_;
  fs::Terminal terminal_;
  fs::Disk disk_;
  fs::Devices devices_;
  fs::TmpFileSystem files_;
  fs::FrameArchive archive_;
  fs::PipeMaker pipes_;
  fs::QueueNames posix_queues_;
  std::optional<fs::FileNamespace> names_;
  process::BootThread boot_thread_;
  sched::Scheduler scheduler_;
  std::optional<process::System> processes_;
  ipc::MessageQueues queues_;
  ipc::SharedSegments segments_;
  syscall::UnknownCalls unknown_calls_;
  syscall::HostName host_name_;
  const System& system_;
  std::optional<SystemMemory> memory_facts_;
  std::optional<RunningSystemSource> system_facts_;
  std::optional<process::ProcessFacts> process_facts_;
  std::optional<fs::ProcParts> proc_;
  std::optional<syscall::Services> services_;
  mm::FrameWindows& windows_;
  mm::KernelHeap& kernel_heap_;
  std::string_view command_line_;
};

[[clang::no_destroy]] constinit std::optional<Programs> programs;
constinit void (*on_process_timer)(uint32_t ticks) = nullptr;

void Programs::OnTimer(uint32_t ticks) {
  while (const auto character = arch::ReadCharacter()) programs->terminal_.Receive(*character);
  programs->system_facts_->OnTick();
  on_process_timer(ticks);
}

posix::Result<> Programs::Unpack() {
  names_.emplace(TRY(files_.MakeRoot()), "tmpfs");
  const fs::UnpackReport report = fs::UnpackArchive(heap_, archive_, *names_);
  if (report.fault != fs::CpioFault::kNone) {
    base::Print(Console(), "initrd: {} at byte {}\n", fs::CpioFaultName(report.fault),
                report.fault_offset);
  }
  if (report.passed_over > 0) {
    base::Print(Console(), "initrd: {} entries make no sense\n", report.passed_over);
  }
  if (report.out_of_memory) return std::unexpected(posix::Errno::kOutOfMemory);
  if (report.files == 0) {
    base::Print(Console(), "initrd: there is no file in it\n");
    return std::unexpected(posix::Errno::kNoEntry);
  }
  return fs::MakeDeviceFiles(*names_);
}

posix::Result<> Programs::MountProc() {
  constexpr std::string_view kPlace = "/proc";
  if (!Has(kPlace)) {
    constexpr uint32_t kPermissions = 0555;
    TRY(names_->Create(names_->root(), kPlace,
                       {.type = posix::FileType::kDirectory, .permissions = kPermissions}));
  }
  proc_.emplace(fs::ProcParts{.memory = heap_,
                              .environment = world_,
                              .names = *names_,
                              .processes = *process_facts_,
                              .physical = *memory_facts_,
                              .system = *system_facts_});
  return names_->AddMount(TRY(names_->Find(names_->root(), kPlace)), TRY(fs::MakeProcRoot(*proc_)),
                          "proc");
}

// A file for each, whose first line leads to it.
posix::Result<> Programs::NameApplications() {
  constexpr uint32_t kPermissions = 0755;
  constexpr std::string_view kDirectory = "/kernel";
  if (applications_.applications().empty()) return {};
  if (!Has(kDirectory)) {
    TRY(names_->Create(names_->root(), kDirectory,
                       {.type = posix::FileType::kDirectory, .permissions = kPermissions}));
  }
  const fs::Ref<fs::Inode> directory = TRY(names_->Find(names_->root(), kDirectory));
  for (const process::Application& application : applications_.applications()) {
    const fs::Ref<fs::Inode> file =
        TRY(names_->Create(*directory, application.name,
                           {.type = posix::FileType::kRegular, .permissions = kPermissions}));
    uint64_t offset = 0;
    for (const std::string_view text :
         {std::string_view("#!"), process::kApplicationPrefix, application.name}) {
      fs::KernelSource source(std::as_bytes(std::span(text)));
      offset += TRY(file->WriteAt(offset, source));
    }
  }
  return {};
}

posix::Result<> Programs::Start() {
  if (const auto started = memory_.Start(); !started) {
    return std::unexpected(posix::ErrnoOf(started.error()));
  }
  TRY(Unpack());
  processes_.emplace(process::Environment{.heap = kernel_heap_,
                                          .memory = heap_,
                                          .stacks = memory_,
                                          .spaces = memory_,
                                          .names = *names_,
                                          .world = world_,
                                          .terminal = terminal_,
                                          .placement = memory_.placement(),
                                          .shared_region = memory_.shared_region(),
                                          .applications = applications_,
                                          .objects = memory_.objects(),
                                          .interrupts = drivers_,
                                          .devices = drivers_,
                                          .disk = disk_,
                                          .log = Console()},
                     scheduler_);
  memory_facts_.emplace(SystemMemory::Parts{.system = system_,
                                            .user = memory_,
                                            .processes = *processes_,
                                            .stack_pages = KernelStacks::kPages});
  system_facts_.emplace(RunningSystemSource::Parts{*processes_, world_, host_name_, unknown_calls_,
                                                   command_line_, system_,
                                                   memory_.objects().frames(), layout_});
  process_facts_.emplace(process::ProcessFacts::Parts{.system = *processes_,
                                                      .windows = windows_,
                                                      .segments = segments_,
                                                      .layout = layout_,
                                                      .terminal = terminal_,
                                                      .terminal_device = fs::kSerialDevice,
                                                      .ticks_per_second = arch::kTicksPerSecond});
  services_.emplace(syscall::Services{.memory = heap_,
                                      .environment = world_,
                                      .names = *names_,
                                      .pipes = pipes_,
                                      .queue_names = posix_queues_,
                                      .files = files_,
                                      .message_queues = queues_,
                                      .shared_segments = segments_,
                                      .objects = memory_.objects(),
                                      .shared_region = memory_.shared_region(),
                                      .all_memory = memory_facts_->Facts().total,
                                      .memory_facts = *memory_facts_,
                                      .system_facts = *system_facts_,
                                      .host_name = host_name_,
                                      .unknown_calls = unknown_calls_});
  TRY(MountProc());
  TRY(NameApplications());
  syscall::UseServices(*services_);
  sched::UseScheduler(scheduler_);
  process::UseSystem(*processes_);
  return {};
}

void Programs::StartOrEnd(const process::FirstProgram& program, Starter* start) {
  const auto started = start(program);
  if (started) return;
  base::Print(Console(), "cannot start {}: {}\n", program.path, posix::ErrnoName(started.error()));
  arch::ExitWithFailure();
}

process::ExitStatus Programs::Run(const FirstProgramChoice& choice) {
  TrapHandlers handlers = process::HandlersWith(syscall::OnSystemCall);
  on_process_timer = handlers.on_timer;
  handlers.on_timer = OnTimer;
  InstallTrapHandlers(handlers);
  const process::FirstProgram program = {
      .path = choice.path(), .arguments = choice.arguments(), .environment = choice.environment()};
  static constexpr std::array<std::string_view, 1> kSystemArguments = {kSystemProgram};
  static constexpr process::FirstProgram kSystem = {
      .path = kSystemProgram, .arguments = kSystemArguments, .environment = {}};
  StartOrEnd(program, process::StartInit);
  if (Has(kSystemProgram)) StartOrEnd(kSystem, process::StartSystemProcess);
  return process::RunUntilInitEnds([] {
    arch::WaitForInterrupt();
    arch::DisableInterrupts();
  });
}

// The boot loader's module; several are not told apart.
const Reservation* FindModule(const BootInfo& boot) {
  const auto found =
      std::ranges::find(boot.reservations, mm::MemoryState::kModule, &Reservation::state);
  return found != boot.reservations.end() ? &*found : nullptr;
}

[[noreturn]] void End(process::ExitStatus status) {
  if (status.IsKilled()) {
    base::Print(Console(), "init was killed by signal {}\n", status.value & 0x7f);
  } else {
    base::Print(Console(), "init ended with status {}\n", status.value >> 8);
  }
  if (status.value != 0) arch::ExitWithFailure();
  arch::PowerOff();
}

}  // namespace

void RunPrograms(const System& system, const BootInfo& boot) {
  const Reservation* const module = FindModule(boot);
  if (module == nullptr) return;
  const arch::InterruptsOff interrupts_off;
  programs.emplace(system, boot, module->range);
  if (const auto started = programs->Start(); !started) {
    base::Print(Console(), "initrd: no root file system: {}\n", posix::ErrnoName(started.error()));
    return;
  }
  FirstProgramChoice choice(boot.command_line);
  if (!programs->Has(choice.path())) {
    base::Print(Console(), "initrd: there is no {}\n", choice.path());
    return;
  }
  End(programs->Run(choice));
}

}  // namespace kernel
