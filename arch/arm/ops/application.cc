#include "arch/ops/application.h"

extern "C" {
// In application_start.S.
void ArmApplicationStart();
}

namespace arch {

mm::VirtAddr ApplicationStart() {
  return mm::VirtAddr{reinterpret_cast<uintptr_t>(&ArmApplicationStart)};
}

}  // namespace arch
