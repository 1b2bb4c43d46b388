// What makes the processor ready for user mode.
#pragma once

#include <cstdint>

extern "C" {
// The last canonical address of the lower half, as deep as the page tables are: user mode can
// execute nothing above, in any layout. Entry code reads it.
extern uint64_t arch_last_user_address;
}

namespace arch {

// System calls, floating point, and what user mode may and may not do. Called once, by arch::Enter,
// after ApplyProtections().
void StartUserMode();

}  // namespace arch
