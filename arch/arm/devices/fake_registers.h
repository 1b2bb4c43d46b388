// Registers that remember the last word written, for tests of drivers.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/arm/devices/mmio.h"
#include "kernel/mm/facts/address.h"

namespace arch::arm {

class FakeRegisters {
 public:
  uint32_t& operator[](size_t offset) { return words_.at(offset / sizeof(uint32_t)); }

  Mmio mmio() { return Mmio(mm::AddressOf(words_.data())); }

 private:
  std::array<uint32_t, 1024> words_{};
};

}  // namespace arch::arm
