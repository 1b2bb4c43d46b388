#include "kernel/init/context_state.h"

#include "arch/ops/shared_state.h"

namespace kernel {
namespace {

[[gnu::section(".data_shared")]] constinit ContextState original{"kernel"};

}  // namespace

ContextState& CurrentContext() { return arch::Own(original); }

}  // namespace kernel
