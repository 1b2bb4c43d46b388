// VFP and Advanced SIMD: user mode's alone. The kernel is compiled without (platforms/toolchains/
// flags.bzl), so that their registers stay what they are until a thread switches.
#pragma once

#include <cstdint>

#include "arch/arm/facts/signal_frame.h"

namespace arch::arm {

// Makes the registers accessible. False: there are none, or fewer than 32.
bool EnableFloatingPoint();

}  // namespace arch::arm

extern "C" {
// In floating_point.S. The registers must be accessible.
void ArmStoreFloatingPoint(arch::arm::VfpRegisters& to);
void ArmLoadFloatingPoint(const arch::arm::VfpRegisters& from);
uint32_t ArmReadMvfr0();
uint32_t ArmReadMvfr1();
}
