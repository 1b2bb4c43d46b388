// What code that several contexts run keeps for each of them. Here only the kernel runs its code.
#pragma once

namespace arch {

// The running context's copy of `original`, a variable of .data_shared or .bss_shared.
template <class T>
T& Own(T& original) {
  return original;
}

}  // namespace arch
