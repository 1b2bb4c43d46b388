// The devices the kernel drives, as the device tree describes them.
//
// Bindings: arm,pl011; arm,gic (interrupt numbers); arm,arch_timer; arm,psci.
#pragma once

#include <cstdint>
#include <expected>

#include "kernel/mm/facts/range.h"

namespace arch::arm {

// How to call the firmware's power functions (ARM DEN 0022, 5.2.1).
enum class PsciConduit : uint8_t { kNone, kHypervisorCall, kSecureMonitorCall };

// Interrupts are numbered as the GIC numbers them: 16..31 private to a processor, 32 and up shared.
struct BoardDevices {
  mm::PhysRange uart{};  // PL011
  uint32_t uart_interrupt = 0;
  mm::PhysRange gic_distributor{};  // GICv2
  mm::PhysRange gic_cpu_interface{};
  uint32_t timer_interrupt = 0;  // of the generic timer's virtual counter
  uint32_t timer_hertz = 0;      // what the tree says instead of CNTFRQ; 0: CNTFRQ is right
  PsciConduit psci = PsciConduit::kNone;

  friend bool operator==(const BoardDevices&, const BoardDevices&) = default;
};

enum class DeviceFault : uint8_t {
  kNoConsole,              // no usable PL011
  kNoInterruptController,  // no usable GICv2
  kNoTimer,                // no usable generic timer
};

// One sentence for the console.
const char* Describe(DeviceFault fault);

// `tree` has passed fdt_check_full(). A board without PSCI is usable: it cannot be switched off.
std::expected<BoardDevices, DeviceFault> FindBoardDevices(const void* tree);

// The conduit alone: wanted even when the rest of the tree is refused.
PsciConduit FindPsciConduit(const void* tree);

}  // namespace arch::arm
