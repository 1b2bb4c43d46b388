// The registers that say where a processor's page tables are and what their entries mean.
#pragma once

#include <cstdint>
#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {

// Intel SDM vol. 3A 2.5, and 2.2.1 for IA32_EFER.
struct X86_64Registers {
  uint64_t cr0 = 0;
  uint64_t cr3 = 0;
  uint64_t cr4 = 0;
  uint64_t efer = 0;
};

enum class Extension : uint8_t { kAbsent, kPresent };

// ARM Architecture Reference Manual ARMv7-A (DDI 0406C) B4.1, for the state the processor is in.
struct ArmRegisters {
  uint32_t sctlr = 0;
  uint32_t ttbcr = 0;
  uint64_t ttbr0 = 0;
  uint64_t ttbr1 = 0;
  uint32_t dacr = 0;
  uint32_t mair0 = 0;  // PRRR with short descriptors
  uint32_t mair1 = 0;  // NMRR
  uint32_t id_mmfr0 = 0;
  // A processor without these extensions ignores the bits that belong to them.
  Extension security = Extension::kAbsent;
  Extension virtualization = Extension::kAbsent;
};

using Machine = std::variant<X86_64Registers, ArmRegisters>;

// The form of a machine's page tables.
struct TableForm {
  std::string_view name;              // "x86_64, 5 levels"
  unsigned address_bits;              // of a virtual address
  uint64_t root;                      // as the register says it
  std::vector<uint64_t> entry_bytes;  // that an entry translates, level by level, the root's first
};

// The error says why there is nothing to walk: translation is off, or of an unknown form.
[[nodiscard]] std::expected<TableForm, std::string> FormOf(const Machine& machine);

// The same machine, as if the process ran whose table of `root_bytes` is at `root`. The error: the
// machine has no such table.
[[nodiscard]] std::expected<Machine, std::string> WithRoot(Machine machine, uint64_t root,
                                                           uint64_t root_bytes);

// Calls `visit` for each leaf entry, in no order. The error: the guest could not be read, or
// FormOf() has one.
[[nodiscard]] std::expected<WalkResult, std::string> WalkTables(const Machine& machine,
                                                                GuestMemory& memory,
                                                                const MappingVisitor& visit);

}  // namespace layoutcheck
