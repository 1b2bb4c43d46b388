#include "arch/ops/shared_state.h"

#include <cstring>

extern "C" {
extern const char shared_original_limit[];
extern char shared_copy_start[];
}

namespace arch {

// A layout that shares nothing has its copy where the original is.
void StartSharedState() {
  std::memmove(shared_copy_start, shared_original_start,
               static_cast<size_t>(shared_original_limit - shared_original_start));
  arm::WriteThreadPointer(shared_copy_start);
}

}  // namespace arch
