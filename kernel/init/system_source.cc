#include "kernel/init/system_source.h"

#include <algorithm>

#include "arch/ops/interrupt_lines.h"
#include "arch/ops/processor_text.h"
#include "arch/ops/timer.h"
#include "kernel/init/process_reports.h"
#include "kernel/posix/time.h"
#include "kernel/process/system_process.h"
#include "kernel/sched/scheduler.h"

namespace kernel {

// Those that wait for the processor, and the one that has it.
size_t RunningSystemSource::Runnable() const {
  const sched::Scheduler& scheduler = parts_.processes.scheduler();
  return scheduler.ready_count() + (&scheduler.current() == &scheduler.idle() ? 0 : 1);
}

void RunningSystemSource::OnTick() {
  load_.Update(parts_.world.MonotonicNanoseconds(), Runnable());
}

fs::SystemFacts RunningSystemSource::Facts() {
  const sched::Scheduler& scheduler = parts_.processes.scheduler();
  fs::SystemFacts facts;
  facts.uptime = parts_.world.MonotonicNanoseconds();
  const uint64_t ticks = arch::TicksSinceBoot();
  facts.idle_time = std::min(scheduler.idle().ticks(), ticks) * arch::kNanosecondsPerTick;
  // The kernel's own share is not told apart: a tick finds user mode or a kernel that waits.
  facts.user_time = ticks * arch::kNanosecondsPerTick - facts.idle_time;
  facts.context_switches = scheduler.switches();
  facts.interrupts = ticks;
  facts.forks = parts_.processes.forks();
  facts.boot_time_seconds = parts_.world.Now().seconds -
                            static_cast<int64_t>(facts.uptime / posix::kNanosecondsPerSecond);
  facts.runnable_threads = static_cast<uint32_t>(Runnable());
  facts.threads = static_cast<uint32_t>(parts_.processes.thread_count());
  facts.blocked_threads = facts.threads - std::min(facts.threads, facts.runnable_threads);
  facts.last_process = parts_.processes.pids().last();
  facts.load_hundredths = load_.hundredths();
  return facts;
}

// The release says which Linux the interface is like: C libraries look at it.
fs::SystemNames RunningSystemSource::Names() {
  return {.system = "Atlas",
          .host = parts_.host_name.text(),
          .release = "6.1.0-atlas",
          .version = "#1 Atlas",
          .machine = arch::kMachineName};
}

void RunningSystemSource::PrintProcessor(base::Sink& sink) { arch::PrintProcessor(sink); }

void RunningSystemSource::VisitUnknownCalls(base::FunctionRef<void(uint32_t, uint64_t)> visitor) {
  for (const UnknownCalls::Count& one : parts_.unknown_calls.counts()) {
    visitor(one.number, one.times);
  }
}

void RunningSystemSource::VisitInterruptLines(
    base::FunctionRef<void(const fs::InterruptLineFacts&)> visitor) {
  const process::SystemProcess* const owner = parts_.processes.system_process();
  for (uint32_t line = 0; line < arch::InterruptLineCount(); ++line) {
    const arch::LineFacts is = arch::FactsOfLine(line);
    const bool is_open = is.gate == arch::LineFacts::Gate::kOpen;
    const size_t handlers = owner == nullptr ? 0 : owner->HandlerCount(line);
    if (!is_open && is.interrupts == 0 && handlers == 0) continue;
    visitor({.number = line,
             .interrupts = is.interrupts,
             .controller = arch::kInterruptControllerName,
             .trigger = is.trigger == arch::InterruptTrigger::kEdge ? "edge" : "level",
             .gate = is_open ? "open" : "masked",
             .handlers = handlers});
  }
}

void RunningSystemSource::PrintVerification(base::Sink& sink) {
  kernel::PrintVerification(sink, parts_.system, parts_.processes, parts_.frames, parts_.layout);
}

// Stacks are areas, and areas have nodes.
void RunningSystemSource::DropCaches() {
  parts_.processes.DropCaches();
  parts_.system.areas.areas().Purge();
  static_cast<void>(parts_.system.objects.heap().Shrink());
}

}  // namespace kernel
