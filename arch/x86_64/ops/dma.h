// What devices with short addresses can reach.
#pragma once

#include "kernel/base/units.h"
#include "kernel/mm/facts/address.h"

namespace arch {

// The first byte out of reach of the ISA bus's DMA controller, which drives 24 address lines (Intel
// 8237A with the PC/AT's page registers).
inline constexpr mm::PhysAddr kDmaLimit{base::operator""_MiB(16)};

}  // namespace arch
