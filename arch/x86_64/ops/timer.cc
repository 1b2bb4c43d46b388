#include "arch/ops/timer.h"

#include <atomic>
#include <limits>

#include "arch/ops/cpu.h"
#include "arch/ops/local_apic.h"
#include "arch/ops/port_io.h"
#include "arch/x86_64/devices/clock_measurement.h"
#include "arch/x86_64/devices/devices.h"
#include "kernel/base/clock_scale.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constinit std::atomic<uint64_t> ticks{0};
constinit uint64_t cycles_per_second = 0;
constinit base::ClockScale nanoseconds_of_cycles{};
constinit base::ClockScale cycles_of_nanoseconds{};
constinit base::ClockScale counts_of_cycles{};  // the timer's own

// In cycles.
constinit uint64_t cycles_per_tick = 0;
constinit uint64_t next_tick = 0;
constinit uint64_t next_interrupt = 0;

void SetInterrupt(uint64_t now, uint64_t at) {
  next_interrupt = at;
  // Not early: the tick would have to be waited for again.
  SetTimerCount(static_cast<uint32_t>(counts_of_cycles.Convert(at - now) + 1));
}

// Intel 8254 datasheet: channel 2, low then high byte, mode 0 (counts down once; the output rises
// when the count ends, and counting goes on from the top), and the command that latches its count.
constexpr uint8_t kPitChannel2CountOnce = 0xb0;
constexpr uint8_t kPitLatchChannel2 = 0x80;
constexpr uint8_t kGateOpen = 0x01;
constexpr uint8_t kSpeakerOn = 0x02;
constexpr uint8_t kOutput = 0x20;

constexpr uint16_t kPitStart = 0xFFFF;  // 55 ms

// See clock_measurement.h.
struct MachineCounters {
  static void Start() {
    const uint8_t gate = ReadPort8(kPitGatePort);
    WritePort8(kPitGatePort, static_cast<uint8_t>((gate & ~kSpeakerOn) | kGateOpen));
    WritePort8(kPitCommandPort, kPitChannel2CountOnce);
    WritePort8(kPitChannel2Port, static_cast<uint8_t>(kPitStart));
    WritePort8(kPitChannel2Port, static_cast<uint8_t>(kPitStart >> 8));
    StartTimerCountdown(std::numeric_limits<uint32_t>::max());
  }
  static uint64_t ReadCycles() { return arch::ReadCycles(); }
  static uint32_t ReadTimer() { return TimerCountLeft(); }
  static uint16_t ReadPit() {
    WritePort8(kPitCommandPort, kPitLatchChannel2);
    const uint8_t low = ReadPort8(kPitChannel2Port);
    return static_cast<uint16_t>(low | ReadPort8(kPitChannel2Port) << 8);
  }
  static bool HasPitEnded() { return (ReadPort8(kPitGatePort) & kOutput) != 0; }
};

}  // namespace

uint64_t TicksSinceBoot() { return ticks.load(std::memory_order_relaxed); }

uint64_t CyclesPerSecond() { return cycles_per_second; }

uint64_t MonotonicNanoseconds() { return nanoseconds_of_cycles.Convert(ReadCycles()); }

base::Result<> StartTimer() {
  MachineCounters counters;
  const auto frequencies = MeasureClocks(counters);
  if (!frequencies) return std::unexpected(base::Error::kUnsupported);
  if (frequencies->cycles == 0) return std::unexpected(base::Error::kUnsupported);
  cycles_per_second = frequencies->cycles;
  const uint64_t count_per_tick = frequencies->timer / kTicksPerSecond;
  cycles_per_tick = cycles_per_second / kTicksPerSecond;
  const bool is_usable = count_per_tick != 0 && cycles_per_tick != 0 &&
                         count_per_tick < std::numeric_limits<uint32_t>::max() &&
                         cycles_per_tick <= std::numeric_limits<uint32_t>::max();
  if (!is_usable) return std::unexpected(base::Error::kUnsupported);
  counts_of_cycles = base::ClockScale::Between(cycles_per_second, frequencies->timer);
  cycles_of_nanoseconds = base::ClockScale::Between(base::kNanosecondsPerSecond, cycles_per_second);
  nanoseconds_of_cycles = base::ClockScale::Between(cycles_per_second, base::kNanosecondsPerSecond);
  StartTimerInterrupts();
  const uint64_t now = ReadCycles();
  next_tick = now + cycles_per_tick;
  SetInterrupt(now, next_tick);
  return {};
}

void InterruptBy(uint64_t nanoseconds) {
  const uint64_t now = ReadCycles();
  const uint64_t now_nanoseconds = nanoseconds_of_cycles.Convert(now);
  const uint64_t left = nanoseconds > now_nanoseconds ? nanoseconds - now_nanoseconds : 0;
  if (left >= kNanosecondsPerTick) return;
  const uint64_t at = now + cycles_of_nanoseconds.Convert(left) + 1;
  if (at < next_interrupt) SetInterrupt(now, at);
}

uint32_t OnTimerInterrupt() {
  const uint64_t now = ReadCycles();
  uint64_t passed = 0;
  if (now >= next_tick) {
    passed = (now - next_tick) / cycles_per_tick + 1;
    next_tick += passed * cycles_per_tick;
    ticks.store(ticks.load(std::memory_order_relaxed) + passed, std::memory_order_relaxed);
  }
  SetInterrupt(now, next_tick);
  return static_cast<uint32_t>(passed);
}

}  // namespace arch
