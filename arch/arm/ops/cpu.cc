#include "arch/ops/cpu.h"

#include <array>

#include "arch/arm/facts/capabilities.h"
#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/floating_point.h"
#include "arch/arm/ops/id_registers.h"

namespace arch {
namespace {

constinit uint32_t last_cycles = 0;
constinit uint32_t cycle_wraps = 0;

FeatureState StateOf(bool present, bool on) {
  if (!present) return FeatureState::kAbsent;
  return on ? FeatureState::kOn : FeatureState::kPresent;
}

FeatureState Used(bool present) { return StateOf(present, present); }

}  // namespace

void EnableInterrupts() { asm volatile("cpsie i" ::: "memory"); }

void DisableInterrupts() { asm volatile("cpsid i" : : : "memory"); }

InterruptsOff::InterruptsOff() { asm volatile("mrs %0, cpsr\n\tcpsid i" : "=r"(saved_)::"memory"); }

InterruptsOff::~InterruptsOff() { asm volatile("msr cpsr_c, %0" ::"r"(saved_) : "memory"); }

void WaitForInterrupt() {
  // A masked interrupt ends WFI all the same (B1.8.14).
  asm volatile("cpsid i\n\tdsb\n\twfi\n\tcpsie i\n\tisb" ::: "memory");
}

void Halt() {
  for (;;) asm volatile("cpsid if\n\tdsb\n\twfi" ::: "memory");
}

uint64_t ReadCycles() {
  // Without the performance counters, the timer's count is the finest clock.
  if (!arm::HasCycleCounter()) return arm::ReadCntvct();
  const InterruptsOff interrupts_off;
  const uint32_t cycles = arm::ReadCycleCounter();
  if (cycles < last_cycles) ++cycle_wraps;
  last_cycles = cycles;
  return uint64_t{cycle_wraps} << 32 | cycles;
}

std::span<const CpuFeature> CpuFeatures() {
  const uint32_t control = arm::ReadSctlr();
  const auto on = [control](uint32_t bit) { return (control & bit) != 0; };
  static constinit std::array<CpuFeature, 9> features{};
  features = {{
      {"LPAE", StateOf(arm::HasLongDescriptors(), false)},
      {"PXN", Used(arm::HasPrivilegedExecuteNever())},
      {"WXN", StateOf(arm::HasVirtualization(), on(arm::sctlr::kWriteImpliesExecuteNever))},
      {"security", StateOf(arm::HasSecurity(), false)},
      {"virtualization", StateOf(arm::HasVirtualization(), false)},
      {"generic-timer", Used(arm::HasGenericTimer())},
      {"PMU", Used(arm::HasCycleCounter())},
      {"data-cache", StateOf(true, on(arm::sctlr::kDataCache))},
      {"branch-prediction", StateOf(true, on(arm::sctlr::kBranchPrediction))},
  }};
  return features;
}

std::string_view MissingCpuFeature() {
  if (!arm::HasShortDescriptors()) return "ARMv7-A short-descriptor page tables";
  if (!arm::HasMultiprocessing()) return "multiprocessing extensions";
  if (!arm::HasCoherentWalks()) return "page-table walks that see the data cache";
  if (!arm::HasGenericTimer()) return "a generic timer";
  if (!arm::EnableFloatingPoint()) return "VFP with 32 double registers";
  return {};
}

uintptr_t HardwareCapabilities() {
  return arm::HardwareCapabilities({.id_isar0 = arm::ReadIdIsar0(),
                                    .id_mmfr0 = arm::ReadIdMmfr0(),
                                    .mvfr0 = ArmReadMvfr0(),
                                    .mvfr1 = ArmReadMvfr1()});
}

void ApplyProtections() {
  if (arm::HasCycleCounter()) arm::WritePmuserenr(0);
  arm::WriteCntkctl(arm::cntkctl::kUserReadsVirtualCount);
  arm::InstructionBarrier();
}

}  // namespace arch
