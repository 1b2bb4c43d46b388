#pragma once

#include <span>

#include "userspace/support/test.h"

namespace attack {

using Group = std::span<const support::Test>;

// Addresses that are not the program's, its own memory after it was taken away, wrong arguments of
// all system calls, and the processor's instructions.
Group AddressTests();
Group CallTests();
Group MemoryTests();
Group ProcessorTests();

}  // namespace attack
