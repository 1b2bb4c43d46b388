// How fast a PC's clocks run: they are compared with the 8254, whose frequency is known.
//
// `Counters` is the machine:
//   void Start();           all three count from here on, the 8254 down from its top
//   uint64_t ReadCycles();  of the processor, up
//   uint32_t ReadTimer();   of the local APIC, down
//   uint16_t ReadPit();     of the 8254, down
//   bool HasPitEnded();     it has counted to 0
#pragma once

#include <cstdint>
#include <optional>

#include "arch/x86_64/devices/devices.h"

namespace arch::x86_64 {

// Per second.
struct ClockFrequencies {
  uint64_t cycles;
  uint64_t timer;
};

// All three counters at about one moment, and how long it took to read them.
struct ClockMoment {
  uint64_t cycles;
  uint64_t cycles_to_read;
  uint32_t timer_left;
  uint16_t pit_left;
};

template <class Counters>
ClockMoment LookAtClocks(Counters& counters) {
  const uint64_t cycles = counters.ReadCycles();
  const uint32_t timer_left = counters.ReadTimer();
  const uint16_t pit_left = counters.ReadPit();
  return {.cycles = cycles,
          .cycles_to_read = counters.ReadCycles() - cycles,
          .timer_left = timer_left,
          .pit_left = pit_left};
}

// Over a millisecond, or however long it really was: a hypervisor may stop this processor at any
// point, also between two of the counters, which are then not of one moment. Nothing if the 8254's
// count ran out meanwhile, or never moved.
template <class Counters>
std::optional<ClockFrequencies> MeasureClocksOnce(Counters& counters) {
  constexpr unsigned kMaxLooks = 1'000'000;      // far more than fit into a millisecond
  constexpr uint64_t kPitTicksToMeasure = 1193;  // 1 ms
  constexpr uint64_t kLeastExactness = 100;      // what is measured, by what reading takes
  counters.Start();
  const ClockMoment start = LookAtClocks(counters);
  for (unsigned look = 0; look < kMaxLooks; ++look) {
    const ClockMoment now = LookAtClocks(counters);
    if (counters.HasPitEnded()) return std::nullopt;
    const uint64_t pit_ticks = uint64_t{start.pit_left} - now.pit_left;
    const uint64_t cycles = now.cycles - start.cycles;
    const uint64_t cycles_to_read = start.cycles_to_read + now.cycles_to_read;
    const bool is_exact = cycles_to_read <= cycles / kLeastExactness;
    if (pit_ticks < kPitTicksToMeasure || !is_exact) continue;
    const auto per_second = [pit_ticks](uint64_t count) {
      return count * kPitFrequency / pit_ticks;
    };
    return ClockFrequencies{.cycles = per_second(cycles),
                            .timer = per_second(start.timer_left - now.timer_left)};
  }
  return std::nullopt;
}

// A processor that was stopped for longer than the 8254 counts is measured again.
template <class Counters>
std::optional<ClockFrequencies> MeasureClocks(Counters& counters) {
  constexpr unsigned kMaxTries = 16;
  for (unsigned attempt = 0; attempt < kMaxTries; ++attempt) {
    if (const auto frequencies = MeasureClocksOnce(counters)) return frequencies;
  }
  return std::nullopt;
}

}  // namespace arch::x86_64
