#include "kernel/sched/traps.h"

#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "kernel/base/check.h"

namespace kernel {
namespace {

static_assert(offsetof(TrapHandlers, on_system_call) == 0);
// Entry code reads it as a plain word.
static_assert(sizeof(kernel_return_work) == sizeof(uint32_t));
static_assert(std::is_standard_layout_v<TrapHandlers>);

[[noreturn]] void NobodyRunsUserMode() {
  constexpr bool kSomebodyRunsUserMode = false;
  CHECK(kSomebodyRunsUserMode);
  std::unreachable();
}

}  // namespace
}  // namespace kernel

constinit kernel::TrapHandlers kernel_trap_handlers = {
    .on_system_call = [](arch::UserRegisters&) -> intptr_t { kernel::NobodyRunsUserMode(); },
    .on_user_fault = [](mm::FaultInfo, arch::UserRegisters&) { kernel::NobodyRunsUserMode(); },
    .on_user_exception = [](kernel::UserException, mm::VirtAddr,
                            arch::UserRegisters&) { kernel::NobodyRunsUserMode(); },
    .on_return_to_user = [](arch::UserRegisters&) { kernel::NobodyRunsUserMode(); },
    .resolve_user_copy_fault = [](const mm::FaultInfo&) { return false; },
    .on_timer = [](uint32_t) {},
    .on_interrupt = [](uint32_t) {},
};

constinit std::atomic<uint32_t> kernel_return_work{0};

namespace kernel {

TrapHandlers InstallTrapHandlers(const TrapHandlers& handlers) {
  return std::exchange(kernel_trap_handlers, handlers);
}

}  // namespace kernel
