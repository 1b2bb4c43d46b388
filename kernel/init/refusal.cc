#include "kernel/init/refusal.h"

#include "arch/ops/power.h"
#include "kernel/init/boot_info.h"

namespace kernel {

void BeginRefusal() { Console().Write("\nBOOT REFUSED: "); }

void EndRefusal() {
  Console().Write("\n");
  arch::ExitWithFailure();
}

void RefuseBoot(std::string_view reason) { Refuse("{}", reason); }

}  // namespace kernel
