#pragma once

namespace machine {

// The first instructions of a native thread: argument and address to return to are on its stack.
[[gnu::naked]] inline void ThreadEntry() {
  asm volatile(
      "pop {r0, lr}\n\t"
      "b AtlasThreadMain");
}

}  // namespace machine
