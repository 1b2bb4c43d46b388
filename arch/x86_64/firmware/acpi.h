// What switching the machine off and resetting it needs from the ACPI tables.
//
// ACPI 6.4: 5.2.5 (root pointer), 5.2.7/5.2.8 (RSDT, XSDT), 5.2.9 (FADT), 16.1 (sleep states).
// The tables are firmware's: signatures, lengths and checksums are checked before use.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "arch/x86_64/firmware/physical_view.h"
#include "kernel/mm/facts/address.h"

namespace arch::x86_64 {

enum class AcpiFault : uint8_t {
  kNoRootPointer,   // the loader names none
  kBadRootPointer,  // signature or checksum
  kOutOfReach,      // a table is not in memory we can read
  kBadTable,        // wrong signature, length or checksum
  kNoFadt,          // no fixed ACPI description table
  kNoPowerControl,  // the FADT has no PM1a control port
  kNoSleepState,    // the DSDT does not describe S5, or not in a form we read
};

// One sentence for the console.
const char* Describe(AcpiFault fault);

// I/O ports and values; a port of 0 is absent.
struct AcpiPower {
  struct Reset {
    uint16_t port;
    uint8_t value;
  };

  uint16_t control_a_port;    // PM1a_CNT
  uint16_t control_b_port;    // PM1b_CNT
  uint8_t off_type_a;         // SLP_TYP of S5 for PM1a_CNT
  uint8_t off_type_b;         // and for PM1b_CNT
  uint16_t smi_command_port;  // where `enable_value` hands the power registers to the kernel
  uint8_t enable_value;
  std::optional<Reset> reset;  // only if it is an I/O port
};

// `root_pointer` is where the loader says the RSDP is.
std::expected<AcpiPower, AcpiFault> ReadAcpiPower(const PhysicalView& view,
                                                  mm::PhysAddr root_pointer);

// The two SLP_TYP values of S5 in the byte code of a definition block: `Name (_S5, Package …)`.
struct SleepTypes {
  uint8_t a;
  uint8_t b;
};
std::optional<SleepTypes> FindOffSleepTypes(std::span<const std::byte> byte_code);

}  // namespace arch::x86_64
