// The processor itself: its interrupt flag, its cycle counter, what it offers and what is in use.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace arch {

inline constexpr std::string_view kName = "x86_64";

void EnableInterrupts();
void DisableInterrupts();

// Keeps interrupts off while it lives, then restores what was before.
class InterruptsOff {
 public:
  InterruptsOff();
  ~InterruptsOff();
  InterruptsOff(const InterruptsOff&) = delete;
  InterruptsOff& operator=(const InterruptsOff&) = delete;

 private:
  uint64_t saved_flags_;
};

// Enables interrupts and sleeps until one has been handled. An interrupt that arrives after the
// caller last looked, with interrupts off, ends the sleep at once.
void WaitForInterrupt();

// Stops this processor for good.
[[noreturn]] void Halt();

// The time-stamp counter.
uint64_t ReadCycles();

enum class FeatureState : uint8_t {
  kAbsent,   // the processor does not have it
  kPresent,  // it has it; the kernel has not turned it on
  kOn,
};

struct CpuFeature {
  std::string_view name;
  FeatureState state;
};

// What protects the kernel or changes its page tables, always in the same order, as it is now.
std::span<const CpuFeature> CpuFeatures();

// What a program is told of the processor: AT_HWCAP and AT_PLATFORM, as Linux has them.
[[nodiscard]] uintptr_t HardwareCapabilities();
inline constexpr std::string_view kPlatformName = "x86_64";

// Turns on what CpuFeatures() lists and the processor has: write protection of read-only pages for
// the kernel too, no-execute, SMEP, SMAP, UMIP, global pages. Never writes a bit that CPUID does
// not announce. Called once, by arch::Enter.
void ApplyProtections();

}  // namespace arch
