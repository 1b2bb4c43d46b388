#include "arch/ops/timer.h"

#include <atomic>

#include "arch/arm/devices/board.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/ops/cpu.h"
#include "kernel/base/clock_scale.h"

namespace arch {
namespace {

constexpr uint32_t kTimerEnable = 1;  // CNTV_CTL, ARM DDI 0406C B8.1.5: on, not masked

constinit std::atomic<uint64_t> ticks = 0;
constinit uint64_t counts_per_second = 0;
constinit uint64_t counts_per_tick = 0;
constinit uint64_t next_tick = 0;
constinit uint64_t next_interrupt = 0;
constinit base::ClockScale nanoseconds_of_counts{};
constinit base::ClockScale counts_of_nanoseconds{};

// One moment on both clocks.
constinit uint64_t start_cycles = 0;
constinit uint64_t start_count = 0;

void SetInterrupt(uint64_t at) {
  next_interrupt = at;
  arm::WriteCntvCval(at);
  arm::InstructionBarrier();
}

}  // namespace

uint64_t TicksSinceBoot() { return ticks.load(std::memory_order_relaxed); }

uint64_t CyclesPerSecond() {
  if (counts_per_second == 0) return 0;
  // At least a millisecond apart, for three digits.
  uint64_t counts = 0;
  do {
    counts = arm::ReadCntvct() - start_count;
  } while (counts < counts_per_second / 1000);
  const uint64_t cycles = ReadCycles() - start_cycles;
  // In two steps: the product of both would leave 64 bits within minutes.
  return cycles / counts * counts_per_second + cycles % counts * counts_per_second / counts;
}

uint64_t MonotonicNanoseconds() { return nanoseconds_of_counts.Convert(arm::ReadCntvct()); }

base::Result<> arm::StartTimer() {
  const uint32_t hertz = Board().timer_hertz;
  counts_per_second = hertz != 0 ? hertz : ReadCntfrq();
  counts_per_tick = counts_per_second / kTicksPerSecond;
  if (counts_per_tick == 0) return std::unexpected(base::Error::kUnsupported);
  nanoseconds_of_counts = base::ClockScale::Between(counts_per_second, base::kNanosecondsPerSecond);
  counts_of_nanoseconds = base::ClockScale::Between(base::kNanosecondsPerSecond, counts_per_second);
  start_cycles = ReadCycles();
  start_count = ReadCntvct();
  next_tick = start_count + counts_per_tick;
  SetInterrupt(next_tick);
  WriteCntvCtl(kTimerEnable);
  InstructionBarrier();
  return {};
}

void InterruptBy(uint64_t nanoseconds) {
  const uint64_t now = arm::ReadCntvct();
  const uint64_t now_nanoseconds = nanoseconds_of_counts.Convert(now);
  const uint64_t left = nanoseconds > now_nanoseconds ? nanoseconds - now_nanoseconds : 0;
  if (left >= kNanosecondsPerTick) return;
  // Not early: what is due would have to be waited for again.
  const uint64_t at = now + counts_of_nanoseconds.Convert(left) + 1;
  if (at < next_interrupt) SetInterrupt(at);
}

uint32_t arm::OnTimerInterrupt() {
  const uint64_t now = ReadCntvct();
  uint64_t passed = 0;
  if (now >= next_tick) {
    const uint64_t late = now - next_tick;
    // Seldom more than one; there is no instruction for a 64-bit division.
    passed = late < counts_per_tick ? 1 : late / counts_per_tick + 1;
    next_tick += passed * counts_per_tick;
    ticks.store(ticks.load(std::memory_order_relaxed) + passed, std::memory_order_relaxed);
    // Notices that the cycle counter has wrapped.
    static_cast<void>(ReadCycles());
  }
  SetInterrupt(next_tick);
  return static_cast<uint32_t>(passed);
}

}  // namespace arch
