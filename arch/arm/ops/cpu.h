// The processor: interrupt mask, sleep, cycle counter, features.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "arch/arm/facts/capabilities.h"

namespace arch {

// For the log.
inline constexpr std::string_view kName = "arm";

void EnableInterrupts();
void DisableInterrupts();

// Masks interrupts for its lifetime and then restores what was.
class InterruptsOff {
 public:
  InterruptsOff();
  ~InterruptsOff();
  InterruptsOff(const InterruptsOff&) = delete;
  InterruptsOff& operator=(const InterruptsOff&) = delete;

 private:
  uint32_t saved_;
};

// Sleeps until an interrupt is pending, then lets it be handled. Called with interrupts masked, so
// that what is waited for cannot come between the look and the sleep; leaves them enabled.
void WaitForInterrupt();

// For ever, with interrupts masked.
[[noreturn]] void Halt();

// Cycles since the kernel's first instruction. Calls must come at least once in 2^32 cycles: the
// timer's tick sees to it.
uint64_t ReadCycles();

enum class FeatureState : uint8_t {
  kAbsent,
  kPresent,  // and not used
  kOn,
};

struct CpuFeature {
  std::string_view name;
  FeatureState state;
};

// What is asked of the processor now, in a fixed order, for the log. Not for use by two callers at
// once: the next call overwrites it.
std::span<const CpuFeature> CpuFeatures();

// What a program is told of the processor: AT_HWCAP and AT_PLATFORM, as Linux has them.
[[nodiscard]] uintptr_t HardwareCapabilities();
using arm::kPlatformName;

// What the kernel cannot do without and this processor lacks; empty if it lacks nothing. Switches
// floating point on, which else says nothing of itself.
std::string_view MissingCpuFeature();

// Takes from user mode what it must not have: timers, performance counters. As on Linux it may read
// the timer's virtual count. Write implies execute-never (WXN) waits for ActivateKernelRoot(): the
// boot tables break that rule.
void ApplyProtections();

}  // namespace arch
