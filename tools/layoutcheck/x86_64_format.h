// Page table entries of x86_64, from the Intel SDM vol. 3A 4.5 (4-level and 5-level paging), 4.6
// (access rights) and 4.9.2 (memory types with the PAT).
#pragma once

#include <cstdint>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {

// A format of TableWalk.
class X86_64Format {
 public:
  using Word = uint64_t;

  explicit X86_64Format(const X86_64Registers& registers) : registers_(registers) {}

  [[nodiscard]] unsigned levels() const;
  [[nodiscard]] unsigned address_bits() const;
  [[nodiscard]] std::vector<Table> Roots() const;

  [[nodiscard]] static uint64_t SpanOf(unsigned level);
  [[nodiscard]] static uint32_t CountBelow(unsigned level);
  [[nodiscard]] Entry Decode(Word word, unsigned level, VirtualAddress va,
                             const Limits& limits) const;
  [[nodiscard]] VirtualAddress Extend(VirtualAddress va) const;

 private:
  [[nodiscard]] Attributes AttributesOf(Word word, const Limits& above) const;

  X86_64Registers registers_;
};

}  // namespace layoutcheck
