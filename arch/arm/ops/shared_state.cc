#include "arch/ops/shared_state.h"

#include <cstring>

extern "C" {
extern const char shared_original_limit[];
extern char shared_copy_start[];
}

namespace arch {

void StartSharedState() {
  if constexpr (!arm::kKernelUsesThreadPointer) return;
  std::memmove(shared_copy_start, shared_original_start,
               static_cast<size_t>(shared_original_limit - shared_original_start));
  arm::WriteThreadPointer(reinterpret_cast<uintptr_t>(shared_copy_start));
}

}  // namespace arch
