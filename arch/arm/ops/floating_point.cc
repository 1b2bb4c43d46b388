#include "arch/arm/ops/floating_point.h"

#include "arch/arm/facts/capabilities.h"
#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"

// In floating_point.S.
extern "C" void ArmWriteFpexc(uint32_t value);

namespace arch::arm {
namespace {

constexpr uint32_t kFpexcEnable = uint32_t{1} << 30;  // FPEXC.EN, B4.1.58

}  // namespace

bool EnableFloatingPoint() {
  // Bits for what is not there stay 0 (B4.1.40).
  WriteCpacr(cpacr::kFloatingPoint);
  InstructionBarrier();
  if (ReadCpacr() != cpacr::kFloatingPoint) return false;
  ArmWriteFpexc(kFpexcEnable);
  return Has32DoubleRegisters(ArmReadMvfr0());
}

}  // namespace arch::arm
