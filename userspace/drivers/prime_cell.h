// How ARM's peripherals say what they are: registers at the end of their 4 KiB. ARM DDI 0183G,
// 3.3.15, and DDI 0224C, 3.4.
#pragma once

#include <cstdint>

#include "userspace/drivers/registers.h"

namespace drivers {

inline constexpr uint32_t kPrimeCellBytes = 0x1000;

// Its part number, or 0 if the block is too small to have one.
uint32_t PrimeCellPart(const RegisterBlock auto& block) {
  using Identity0 = Register<uint32_t, 0xFE0>;
  using Identity1 = Register<uint32_t, 0xFE4>;
  if (block.size_bytes() < kPrimeCellBytes) return 0;
  return (Identity0::Read(block) & 0xFF) | (Identity1::Read(block) & 0xF) << 8;
}

}  // namespace drivers
