#include "arch/ops/float_state.h"

#include <algorithm>
#include <cstring>

#include "arch/ops/control_registers.h"
#include "arch/x86_64/facts/float_area.h"
#include "arch/x86_64/facts/registers.h"
#include "kernel/base/check.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constexpr uint64_t kWanted = xcr0::kX87 | xcr0::kSse | xcr0::kAvx | xcr0::kAvx512;

constinit size_t bytes = sizeof(FxsaveArea);
constinit uint64_t components = 0;  // 0: FXSAVE
constinit uint32_t valid_mxcsr = kDefaultMxcsrMask;

FxsaveArea& Legacy(FloatArea area) { return *reinterpret_cast<FxsaveArea*>(area.data()); }
XsaveHeader& Header(FloatArea area) {
  return *reinterpret_cast<XsaveHeader*>(area.data() + sizeof(FxsaveArea));
}

void StartXsave() {
  WriteCr4(ReadCr4() | cr4::kXsave);
  components = Cpuid(cpuid::kXsaveLeaf).eax & kWanted;
  WriteXcr0(components);
  bytes = Cpuid(cpuid::kXsaveLeaf).ebx;
  CHECK(bytes <= kFloatStateBytes);
}

}  // namespace

void StartFloat() {
  const CpuidResult features = Cpuid(cpuid::kFeatureLeaf);
  CHECK((features.edx & cpuid::feature_edx::kFxsave) != 0);  // every 64-bit processor has it
  WriteCr0((ReadCr0() & ~(cr0::kEmulation | cr0::kTaskSwitched)) | cr0::kMonitorCoprocessor |
           cr0::kNumericError);
  WriteCr4(ReadCr4() | cr4::kFxsave | cr4::kSimdExceptions);
  if ((features.ecx & cpuid::feature_ecx::kXsave) != 0) StartXsave();

  alignas(kFloatStateAlignment) static constinit std::array<std::byte, kFloatStateBytes> area{};
  SaveFloat(area);
  // SDM vol. 1 11.6.6.
  const uint32_t mask = Legacy(area).mxcsr_mask;
  if (mask != 0) valid_mxcsr = mask;
  ClearFloat(area);
  LoadFloat(area);
}

size_t FloatBytes() { return bytes; }

uint64_t FloatComponents() { return components; }

void SaveFloat(FloatArea area) {
  if (components != 0) {
    asm volatile("xsave64 %0"
                 : "+m"(*area.data())
                 : "a"(static_cast<uint32_t>(components)), "d"(0)
                 : "memory");
  } else {
    asm volatile("fxsave64 %0" : "+m"(*area.data()) : : "memory");
  }
}

void LoadFloat(ConstFloatArea area) {
  if (components != 0) {
    asm volatile("xrstor64 %0"
                 :
                 : "m"(*area.data()), "a"(static_cast<uint32_t>(components)), "d"(0)
                 : "memory");
  } else {
    asm volatile("fxrstor64 %0" : : "m"(*area.data()) : "memory");
  }
}

void ClearFloat(FloatArea area) {
  std::memset(area.data(), 0, bytes);
  Legacy(area).control_word = kInitialX87Control;
  Legacy(area).mxcsr = kInitialMxcsr;
}

void MakeHarmless(FloatArea area) {
  Legacy(area).mxcsr &= valid_mxcsr;
  if (components == 0) return;
  XsaveHeader& header = Header(area);
  header = {.components = header.components & components, .compacted = 0, .reserved = {}};
}

}  // namespace arch
