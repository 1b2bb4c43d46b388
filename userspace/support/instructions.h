#pragma once

#include <cstdint>

#include "userspace/machine/instruction_counter.h"

namespace support {

// What one of `count` times operation() takes on the average, the kernel's part included, after as
// many to warm up. Instructions where the machine's clock counts them, as QEMU's -icount does.
template <typename Operation>
uint64_t InstructionsOf(unsigned count, Operation operation) {
  for (unsigned i = 0; i < count; ++i) operation();
  const uint64_t begin = machine::ReadInstructionCounter();
  for (unsigned i = 0; i < count; ++i) operation();
  return (machine::ReadInstructionCounter() - begin) / count;
}

}  // namespace support
