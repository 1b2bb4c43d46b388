// What code that several contexts run keeps for each of them: the kernel's is one, and so will be
// each process that shares the kernel's code. Variables of the sections .data_shared and
// .bss_shared are the original, each context has a copy, and the thread pointer says where.
#pragma once

#include <cstdint>

#include "arch/arm/ops/coprocessor.h"

extern "C" {
extern const char shared_original_start[];
}

namespace arch {

namespace arm {

// Where the kernel shares code with processes it has TPIDRURO for itself while it runs: vectors.S
// takes it at entry from user mode, and gives it back. Elsewhere it is always the user's.
#ifdef ARM_KERNEL_USES_THREAD_POINTER
inline constexpr bool kKernelUsesThreadPointer = true;
#else
inline constexpr bool kKernelUsesThreadPointer = false;
#endif

}  // namespace arm

// Makes the kernel's copy and points to it. Called once, before anything is shared.
void StartSharedState();

// The running context's copy of `original`, a variable of those sections.
template <class T>
T& Own(T& original) {
  if constexpr (!arm::kKernelUsesThreadPointer) return original;
  const uintptr_t offset =
      reinterpret_cast<uintptr_t>(&original) - reinterpret_cast<uintptr_t>(shared_original_start);
  return *reinterpret_cast<T*>(arm::ReadThreadPointer() + offset);
}

}  // namespace arch
