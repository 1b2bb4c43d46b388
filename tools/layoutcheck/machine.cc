#include "tools/layoutcheck/machine.h"

#include <cstdint>
#include <expected>
#include <format>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tools/layoutcheck/arm_long_format.h"
#include "tools/layoutcheck/arm_rights.h"
#include "tools/layoutcheck/arm_short_format.h"
#include "tools/layoutcheck/bits.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/table_walk.h"
#include "tools/layoutcheck/x86_64_format.h"

namespace layoutcheck {
namespace {

using FormOrError = std::expected<TableForm, std::string>;

template <class Format>
std::vector<uint64_t> EntryBytes(unsigned levels) {
  std::vector<uint64_t> spans;
  for (unsigned level = levels; level > 0; --level) spans.push_back(Format::SpanOf(level));
  return spans;
}

FormOrError FormOfX86_64(const X86_64Registers& registers) {
  constexpr unsigned kPaging = 31;          // of CR0
  constexpr unsigned kLongModeActive = 10;  // of IA32_EFER
  if (!IsSet(registers.cr0, kPaging)) return std::unexpected("paging is off (CR0.PG is 0)");
  if (!IsSet(registers.efer, kLongModeActive)) {
    return std::unexpected("the processor is not in long mode (IA32_EFER.LMA is 0)");
  }
  const X86_64Format format(registers);
  constexpr unsigned kFive = 5;
  return TableForm{.name = format.levels() == kFive ? "x86_64, 5 levels" : "x86_64, 4 levels",
                   .address_bits = format.address_bits(),
                   .root = registers.cr3,
                   .entry_bytes = EntryBytes<X86_64Format>(format.levels())};
}

bool HasLongDescriptors(const ArmRegisters& registers) {
  return IsSet(registers.ttbcr, arm::kTtbcrLongDescriptors);
}

FormOrError FormOfArm(const ArmRegisters& registers) {
  constexpr unsigned kAddressBits = 32;
  if (!IsSet(registers.sctlr, arm::kSctlrMmuEnable)) {
    return std::unexpected("the MMU is off (SCTLR.M is 0)");
  }
  if (HasLongDescriptors(registers) && !ArmLongFormat(registers).HasWholeRoots()) {
    return std::unexpected("TTBCR splits the space inside a first-level entry");
  }
  if (HasLongDescriptors(registers)) {
    constexpr unsigned kLevels = 3;
    return TableForm{.name = "ARMv7-A, long descriptors",
                     .address_bits = kAddressBits,
                     .root = registers.ttbr0,
                     .entry_bytes = EntryBytes<ArmLongFormat>(kLevels)};
  }
  constexpr unsigned kLevels = 2;
  return TableForm{.name = "ARMv7-A, short descriptors",
                   .address_bits = kAddressBits,
                   .root = registers.ttbr0,
                   .entry_bytes = EntryBytes<ArmShortFormat>(kLevels)};
}

template <class Format>
std::expected<WalkResult, std::string> Walk(const Format& format, GuestMemory& memory,
                                            const MappingVisitor& visit) {
  return TableWalk<Format>(format, memory, visit).Walk(format.Roots());
}

}  // namespace

FormOrError FormOf(const Machine& machine) {
  if (const auto* const x86_64 = std::get_if<X86_64Registers>(&machine)) {
    return FormOfX86_64(*x86_64);
  }
  return FormOfArm(std::get<ArmRegisters>(machine));
}

std::expected<Machine, std::string> WithRoot(Machine machine, uint64_t root, uint64_t root_bytes) {
  if (auto* const x86_64 = std::get_if<X86_64Registers>(&machine)) {
    x86_64->cr3 = root;
    return machine;
  }
  ArmRegisters& arm = std::get<ArmRegisters>(machine);
  arm.ttbr0 = root;
  if (HasLongDescriptors(arm)) return machine;
  // B3.5.4: N, bits 2:0 of TTBCR, halves the first table so many times.
  constexpr uint64_t kWholeBytes = 16384;
  constexpr uint32_t kMostHalvings = 7;
  for (uint32_t n = 0; n <= kMostHalvings; ++n) {
    if (root_bytes != kWholeBytes >> n) continue;
    arm.ttbcr = (arm.ttbcr & ~kMostHalvings) | n;
    return machine;
  }
  return std::unexpected(std::format("no first table has {} bytes", root_bytes));
}

std::expected<WalkResult, std::string> WalkTables(const Machine& machine, GuestMemory& memory,
                                                  const MappingVisitor& visit) {
  if (FormOrError form = FormOf(machine); !form) return std::unexpected(std::move(form.error()));
  if (const auto* const x86_64 = std::get_if<X86_64Registers>(&machine)) {
    return Walk(X86_64Format(*x86_64), memory, visit);
  }
  const ArmRegisters& arm = std::get<ArmRegisters>(machine);
  return HasLongDescriptors(arm) ? Walk(ArmLongFormat(arm), memory, visit)
                                 : Walk(ArmShortFormat(arm), memory, visit);
}

}  // namespace layoutcheck
