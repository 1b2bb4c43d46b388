// A system call's arguments, one after the other.
#pragma once

#include <cstdint>

#include "arch/ops/user_mode.h"

namespace arch {

class ArgumentReader {
 public:
  explicit ArgumentReader(UserRegisters& registers) : registers_(registers) {}

  // The next register. CHECKed: there are six.
  uintptr_t Next() { return Argument(registers_, next_++); }
  // The next 64 bits: two registers, of which the first has an even number (AAPCS 5.5, which
  // Linux's EABI follows for its calls), and the low half.
  uint64_t NextLong() {
    next_ += next_ % 2;
    const uint64_t low = Next();
    return low | uint64_t{Next()} << 32;
  }

  [[nodiscard]] UserRegisters& registers() const { return registers_; }

 private:
  UserRegisters& registers_;
  unsigned next_ = 0;
};

}  // namespace arch
