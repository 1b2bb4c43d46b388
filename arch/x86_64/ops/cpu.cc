#include "arch/ops/cpu.h"

#include <array>
#include <cstddef>

#include "arch/ops/control_registers.h"
#include "arch/x86_64/facts/registers.h"

namespace arch {
namespace {

using namespace arch::x86_64;

enum class Output : uint8_t { kEbx, kEcx, kEdx };
enum class Control : uint8_t { kNone, kCr0, kCr4, kEfer };

// How CPUID announces a feature, and the bit that turns it on.
struct FeatureFacts {
  std::string_view name;
  uint32_t leaf;  // 0: every 64-bit processor has it
  Output output;
  uint32_t announced;
  Control control;
  uint64_t enabled;
};

// LA57 and NX are turned on by start.S, which cannot do without; UMIP and the rest here.
constexpr std::array kFeatures = {
    FeatureFacts{"wp", 0, Output::kEdx, 0, Control::kCr0, cr0::kWriteProtect},
    FeatureFacts{"nx", cpuid::kExtendedFeatureLeaf, Output::kEdx, cpuid::extended_edx::kNoExecute,
                 Control::kEfer, efer::kNoExecuteEnable},
    FeatureFacts{"smep", cpuid::kStructuredLeaf, Output::kEbx,
                 cpuid::structured_ebx::kSupervisorExecutionPrevention, Control::kCr4,
                 cr4::kSupervisorExecutionPrevention},
    FeatureFacts{"smap", cpuid::kStructuredLeaf, Output::kEbx,
                 cpuid::structured_ebx::kSupervisorAccessPrevention, Control::kCr4,
                 cr4::kSupervisorAccessPrevention},
    FeatureFacts{"umip", cpuid::kStructuredLeaf, Output::kEcx,
                 cpuid::structured_ecx::kUserModeInstructionPrevention, Control::kCr4,
                 cr4::kUserModeInstructionPrevention},
    FeatureFacts{"pge", cpuid::kFeatureLeaf, Output::kEdx, cpuid::feature_edx::kPageGlobal,
                 Control::kCr4, cr4::kPageGlobal},
    FeatureFacts{"la57", cpuid::kStructuredLeaf, Output::kEcx,
                 cpuid::structured_ecx::kFiveLevelPaging, Control::kCr4, cr4::kFiveLevelPaging},
    FeatureFacts{"1g-pages", cpuid::kExtendedFeatureLeaf, Output::kEdx,
                 cpuid::extended_edx::kGigabytePages, Control::kNone, 0},
};

constinit std::array<CpuFeature, kFeatures.size()> features{};

// The leaf's answer, or all zeros if the processor's list ends before it.
CpuidResult AskIfPresent(uint32_t leaf) {
  const uint32_t highest = leaf >= cpuid::kHighestExtendedLeaf
                               ? Cpuid(cpuid::kHighestExtendedLeaf).eax
                               : Cpuid(cpuid::kHighestBasicLeaf).eax;
  return leaf <= highest ? Cpuid(leaf) : CpuidResult{};
}

bool Has(const FeatureFacts& feature) {
  if (feature.leaf == 0) return true;
  const CpuidResult result = AskIfPresent(feature.leaf);
  switch (feature.output) {
    case Output::kEbx:
      return (result.ebx & feature.announced) != 0;
    case Output::kEcx:
      return (result.ecx & feature.announced) != 0;
    case Output::kEdx:
      return (result.edx & feature.announced) != 0;
  }
  return false;
}

uint64_t Read(Control control) {
  switch (control) {
    case Control::kCr0:
      return ReadCr0();
    case Control::kCr4:
      return ReadCr4();
    case Control::kEfer:
      return ReadMsr(efer::kIndex);
    case Control::kNone:
      break;
  }
  return 0;
}

void SetBits(Control control, uint64_t bits) {
  switch (control) {
    case Control::kCr0:
      WriteCr0(ReadCr0() | bits);
      break;
    case Control::kCr4:
      WriteCr4(ReadCr4() | bits);
      break;
    case Control::kEfer:
      WriteMsr(efer::kIndex, ReadMsr(efer::kIndex) | bits);
      break;
    case Control::kNone:
      break;
  }
}

FeatureState StateOf(const FeatureFacts& feature) {
  if (!Has(feature)) return FeatureState::kAbsent;
  return (Read(feature.control) & feature.enabled) != 0 ? FeatureState::kOn
                                                        : FeatureState::kPresent;
}

}  // namespace

void EnableInterrupts() { asm volatile("sti" : : : "memory"); }

void DisableInterrupts() { asm volatile("cli" : : : "memory"); }

InterruptsOff::InterruptsOff() {
  asm volatile("pushfq; popq %0; cli" : "=r"(saved_flags_) : : "memory");
}

InterruptsOff::~InterruptsOff() {
  if ((saved_flags_ & rflags::kInterruptEnable) != 0) EnableInterrupts();
}

void WaitForInterrupt() {
  // STI takes effect after the next instruction, so nothing is handled between it and HLT.
  asm volatile("sti; hlt" : : : "memory");
}

[[noreturn]] void Halt() {
  while (true) asm volatile("cli; hlt" : : : "memory");
}

uint64_t ReadCycles() {
  uint32_t low;
  uint32_t high;
  asm volatile("rdtsc" : "=a"(low), "=d"(high));
  return uint64_t{high} << 32 | low;
}

std::span<const CpuFeature> CpuFeatures() {
  for (size_t i = 0; i < kFeatures.size(); ++i) {
    features[i] = {kFeatures[i].name, StateOf(kFeatures[i])};
  }
  return features;
}

uintptr_t HardwareCapabilities() { return Cpuid(cpuid::kFeatureLeaf).edx; }

void ApplyProtections() {
  for (const FeatureFacts& feature : kFeatures) {
    // The width of addresses cannot change while paging is on.
    const bool by_start =
        feature.control == Control::kCr4 && feature.enabled == cr4::kFiveLevelPaging;
    if (!by_start && Has(feature)) SetBits(feature.control, feature.enabled);
  }
}

}  // namespace arch
