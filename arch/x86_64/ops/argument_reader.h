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
  // The next 64 bits: here as much as a register.
  uint64_t NextLong() { return Next(); }

  [[nodiscard]] UserRegisters& registers() const { return registers_; }

 private:
  UserRegisters& registers_;
  unsigned next_ = 0;
};

}  // namespace arch
