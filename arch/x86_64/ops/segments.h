// The kernel's descriptor table and task state, which in 64-bit mode only say whose code runs, and
// which stack an exception gets.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"

namespace arch {

// Number of the fault stack in the task state, for interrupt gates (IST).
inline constexpr unsigned kFaultStackNumber = 1;

// Replaces start.S's descriptor table, which the kernel's own page tables do not map where start.S
// loaded it.
void LoadSegments();

// Where entry from user mode begins to push: below and with the byte `last`.
void SetEntryStack(mm::VirtAddr last);

// Where the task state has its map of ports: kPortMapOffset or kNoPortMapOffset.
void SetPortMapOffset(uint16_t offset);

}  // namespace arch
