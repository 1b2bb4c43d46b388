// What an architecture's start-up code hands to the kernel, whatever the firmware was.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace kernel {

// RAM that already holds something when the kernel starts.
struct Reservation {
  std::string_view name;
  mm::PhysRange range;
  mm::MemoryState state;
};

// Everything here was copied out of the firmware's memory; nothing points back into it.
struct BootInfo {
  std::string_view firmware;                  // where `memory` comes from, for the log
  std::span<const mm::FirmwareRange> memory;  // as the firmware gave it: unchecked
  std::span<const Reservation> reservations;  // image, modules, firmware tables
  std::string_view command_line;
  mm::PhysAddr direct_map_target;  // the frame that the first byte of the direct map shows
  mm::PhysAddr image_base;         // where the firmware put the first byte of the image
  mm::PhysRange reachable;         // RAM that the boot page tables show through the direct map
  uint64_t entry_cycles;           // the cycle counter at the first instruction
  std::array<std::byte, 32> seed;  // unpredictable bytes; zeroes where the machine gives none
};

// The portable half of start-up: from a checked memory map to verified page tables and the
// monitor. Called once by arch/<a>/boot, on the boot stack, with interrupts off.
[[noreturn]] void Main(const BootInfo& boot);

// Ends a boot that cannot go on because of what the machine or its firmware gives: prints
// `BOOT REFUSED: ` and the reason, and ends the run with a failing status.
[[noreturn]] void RefuseBoot(std::string_view reason);

}  // namespace kernel
