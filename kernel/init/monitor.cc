#include "kernel/init/monitor.h"

#include <array>
#include <string_view>

#include "arch/ops/console.h"
#include "arch/ops/cpu.h"
#include "arch/ops/power.h"
#include "arch/ops/timer.h"
#include "kernel/init/console.h"
#include "kernel/init/context_trial.h"
#include "kernel/init/crash.h"
#include "kernel/init/device_trial.h"
#include "kernel/init/heap.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/line_editor.h"
#include "kernel/init/reports.h"
#include "kernel/init/thread_trial.h"
#include "kernel/init/user_trial.h"
#include "kernel/mm/checks/layout_report.h"

namespace kernel {
namespace {

constexpr std::string_view kPrompt = "atlas> ";
constexpr std::string_view kBlanks = " \t";

struct Command {
  std::string_view name;
  std::string_view argument;
  std::string_view what;
  void (*run)(const System& system, std::string_view argument);
};

void Help(const System&, std::string_view);

void Map(const System& system, std::string_view) { PrintMemoryMap(Console(), system.memory_map); }

void Regions(const System& system, std::string_view) {
  mm::PrintLayout(Console(), system.layout, system.image.parts());
}

void Frames(const System& system, std::string_view) { PrintFrames(Console(), system.memory); }

void Areas(const System& system, std::string_view) { PrintAreas(Console(), system.areas.areas()); }

void Window(const System& system, std::string_view) {
  TryWindow(Console(), system.memory, system.areas.windows());
}

void Context(const System& system, std::string_view) { TryContext(Console(), system); }

void Threads(const System& system, std::string_view) { TryThreads(Console(), system); }

void Devices(const System& system, std::string_view) { TryDevices(Console(), system); }

void User(const System& system, std::string_view) { TryUserMode(Console(), system); }

void Verify(const System& system, std::string_view) {
  const uint64_t before = arch::ReadCycles();
  VerifyLiveTables(Console(), system);
  base::Print(Console(), "verify: {} cycles\n", arch::ReadCycles() - before);
}

void Slabs(const System& system, std::string_view) {
  TryHeap(Console(), system.objects, [&] { VerifyLiveTables(Console(), system); });
}

// Waits for the next tick, so that an answer shows the timer alive.
void Uptime(const System&, std::string_view) {
  const uint64_t before = arch::TicksSinceBoot();
  uint64_t ticks = before;
  while (ticks == before) {
    arch::WaitForInterrupt();
    ticks = arch::TicksSinceBoot();
  }
  base::Print(Console(), "up {} ticks of 1/{} s; {} cycles a second\n", ticks,
              arch::kTicksPerSecond, arch::CyclesPerSecond());
}

void CommitCrash(const System&, std::string_view kind) {
  for (const Crash& crash : Crashes()) {
    if (crash.name != kind) continue;
    crash.commit();
    base::Print(Console(), "crash {}: nothing caught it\n", kind);
    return;
  }
  base::Print(Console(), "crash: no kind '{}'; there are:\n", kind);
  for (const Crash& crash : Crashes()) {
    base::Print(Console(), "  {:<13} {}\n", crash.name, crash.what);
  }
}

void Reboot(const System&, std::string_view) { arch::Reboot(); }

void Off(const System&, std::string_view) { arch::PowerOff(); }

constexpr auto kCommands = std::to_array<Command>({
    {"help", "", "this list", Help},
    {"map", "", "physical memory: what the firmware reported and what lies where", Map},
    {"regions", "", "the layout this kernel was built for", Regions},
    {"frames", "", "free page frames by zone and block size", Frames},
    {"slabs", "", "try the heap; show its slab caches, and verify, while it is in use", Slabs},
    {"vmalloc", "", "what lies in the vmalloc region: name, range, pages", Areas},
    {"window", "", "write to a frame that the direct map may not show, and read it back", Window},
    {"context", "", "try a page table beside the kernel's, of each size that there is", Context},
    {"threads", "", "try page tables of two threads, alike but for what is each one's own",
     Threads},
    {"user", "", "try user mode: calls, faults, exceptions, ticks, signals, copies", User},
    {"devices", "", "map a device more often, with a hole where one was taken away", Devices},
    {"verify", "", "compare the live page tables with the layout, and say what that takes", Verify},
    {"uptime", "", "how long this kernel runs", Uptime},
    {"crash", "KIND", "make a mistake on purpose; without a kind, list them", CommitCrash},
    {"reboot", "", "start again", Reboot},
    {"off", "", "switch the machine off", Off},
});

void Help(const System&, std::string_view) {
  for (const Command& command : kCommands) {
    base::Print(Console(), "  {:<8} {:<5} {}\n", command.name, command.argument, command.what);
  }
}

std::string_view Trim(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

void Execute(const System& system, std::string_view line) {
  line = Trim(line);
  if (line.empty()) return;
  const std::string_view name = line.substr(0, line.find_first_of(kBlanks));
  const std::string_view argument = Trim(line.substr(name.size()));
  for (const Command& command : kCommands) {
    if (command.name != name) continue;
    if (command.argument.empty() && !argument.empty()) {
      base::Print(Console(), "{} takes no argument, got '{}'\n", name, argument);
      return;
    }
    command.run(system, argument);
    return;
  }
  base::Print(Console(), "no command '{}'; 'help' lists them\n", name);
}

char WaitForCharacter() {
  while (true) {
    const arch::InterruptsOff interrupts_off;
    if (const auto c = arch::ReadCharacter()) return *c;
    arch::WaitForInterrupt();
  }
}

}  // namespace

void RunMonitor(const System& system) {
  LineEditor editor(Console());
  Console().Write(kPrompt);
  while (true) {
    const auto line = editor.Take(WaitForCharacter());
    if (!line) continue;
    Execute(system, *line);
    Console().Write(kPrompt);
  }
}

}  // namespace kernel
