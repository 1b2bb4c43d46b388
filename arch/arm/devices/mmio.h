// A device's registers: 32-bit words at byte offsets from a mapped base.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"

namespace arch::arm {

class Mmio {
 public:
  constexpr Mmio() = default;
  constexpr explicit Mmio(mm::VirtAddr base) : base_(static_cast<uintptr_t>(base.value)) {}

  uint32_t Read(uint32_t offset) const { return *Register(offset); }
  void Write(uint32_t offset, uint32_t value) const { *Register(offset) = value; }

 private:
  volatile uint32_t* Register(uint32_t offset) const {
    return reinterpret_cast<volatile uint32_t*>(base_ + offset);
  }

  uintptr_t base_ = 0;
};

}  // namespace arch::arm
