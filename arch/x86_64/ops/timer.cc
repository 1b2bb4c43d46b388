#include "arch/ops/timer.h"

#include <atomic>
#include <limits>

#include "arch/ops/cpu.h"
#include "arch/ops/local_apic.h"
#include "arch/ops/port_io.h"
#include "arch/x86_64/devices/devices.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constinit std::atomic<uint64_t> ticks{0};
constinit uint64_t cycles_per_second = 0;

constexpr uint16_t kMeasuredPitTicks = 1193;  // one millisecond

// Intel 8254 datasheet: channel 2, low then high byte, mode 0 (output rises when the count ends).
constexpr uint8_t kPitChannel2CountOnce = 0xb0;
constexpr uint8_t kGateOpen = 0x01;
constexpr uint8_t kSpeakerOn = 0x02;
constexpr uint8_t kOutput = 0x20;

// Counts from the second byte on.
void StartPit(uint16_t count) {
  const uint8_t gate = ReadPort8(kPitGatePort);
  WritePort8(kPitGatePort, static_cast<uint8_t>((gate & ~kSpeakerOn) | kGateOpen));
  WritePort8(kPitCommandPort, kPitChannel2CountOnce);
  WritePort8(kPitChannel2Port, static_cast<uint8_t>(count));
  WritePort8(kPitChannel2Port, static_cast<uint8_t>(count >> 8));
}

bool PitOutputIsHigh() { return (ReadPort8(kPitGatePort) & kOutput) != 0; }

// Whether the output rose, and was low before: without an 8254 it never changes. Gives up after far
// more looks than any processor has time for in a millisecond.
bool WaitForPit() {
  constexpr unsigned kMaxLooks = 4'000'000;
  if (PitOutputIsHigh()) return false;
  for (unsigned i = 0; i < kMaxLooks; ++i) {
    if (PitOutputIsHigh()) return true;
  }
  return false;
}

constexpr uint64_t PerSecond(uint64_t count_while_measured) {
  return count_while_measured * kPitFrequency / kMeasuredPitTicks;
}

}  // namespace

uint64_t TicksSinceBoot() { return ticks.load(std::memory_order_relaxed); }

uint64_t CyclesPerSecond() { return cycles_per_second; }

base::Result<> StartTimer() {
  constexpr uint32_t kLongest = std::numeric_limits<uint32_t>::max();
  StartPit(kMeasuredPitTicks);
  StartTimerCountdown(kLongest);
  const uint64_t first_cycle = ReadCycles();
  if (!WaitForPit()) return std::unexpected(base::Error::kUnsupported);
  const uint64_t cycles = ReadCycles() - first_cycle;
  const uint32_t counted = kLongest - TimerCountLeft();

  cycles_per_second = PerSecond(cycles);
  const uint64_t count_per_tick = PerSecond(counted) / kTicksPerSecond;
  if (count_per_tick == 0 || count_per_tick > kLongest) {
    return std::unexpected(base::Error::kUnsupported);
  }
  StartTimerInterrupts(static_cast<uint32_t>(count_per_tick));
  return {};
}

void OnTimerInterrupt() { ticks.fetch_add(1, std::memory_order_relaxed); }

}  // namespace arch
