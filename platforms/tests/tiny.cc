// The smallest image: enough for the toolchains and kernel_image() to be judged by what they make
// of it.

#include <cstdint>

#include "kernel/symbols/linked_symbols.h"

namespace tiny {

volatile int64_t dividend = 1'000'000'007;
volatile int64_t divisor = 3;
volatile int32_t counter = 0;

int64_t Divide() { return dividend / divisor; }

void Count() { counter = counter + 1; }

}  // namespace tiny

// The linker script's entry point.
extern "C" [[noreturn]] void Start() {
  for (;;) {
    tiny::Count();
    tiny::dividend = tiny::Divide() + static_cast<int64_t>(kernel::LinkedSymbols().entries.size());
  }
}
