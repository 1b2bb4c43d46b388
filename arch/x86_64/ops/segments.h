// The kernel's descriptor table and task state, which in 64-bit mode only say which stack an
// exception gets.
#pragma once

namespace arch {

// Number of the fault stack in the task state, for interrupt gates (IST).
inline constexpr unsigned kFaultStackNumber = 1;

// Replaces start.S's descriptor table, which the kernel's own page tables do not map where start.S
// loaded it.
void LoadSegments();

}  // namespace arch
