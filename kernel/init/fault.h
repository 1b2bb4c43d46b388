// Where exceptions taken in the kernel end. Called by arch/<a>/ops from its exception entry, with
// interrupts off; neither returns.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/fault_info.h"

namespace arch {
struct RegisterState;
}

namespace kernel {

// An access that the page tables refused. Says which rule of the layout it broke.
[[noreturn]] void OnKernelFault(const mm::FaultInfo& fault, const arch::RegisterState& registers);

// Any other exception that the kernel does not expect. `name` is the manual's word for it, `code`
// what the processor said of it (x86 error code, ARM fault status).
[[noreturn]] void OnUnexpectedException(std::string_view name, uint64_t code,
                                        const arch::RegisterState& registers);

}  // namespace kernel
