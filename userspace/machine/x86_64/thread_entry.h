#pragma once

namespace machine {

// The first instructions of a native thread, whose stack pointer is that of a function that the
// kernel's argument was pushed for.
[[gnu::naked]] inline void ThreadEntry() {
  asm volatile(
      "popq %rdi\n\t"
      "jmp AtlasThreadMain");
}

}  // namespace machine
