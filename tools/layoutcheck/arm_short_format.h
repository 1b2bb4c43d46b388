// Short descriptors of ARMv7-A: ARM Architecture Reference Manual ARMv7-A (DDI 0406C) B3.5, with
// access permissions of B3.7 and memory attributes of B3.8.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {

// A format of TableWalk.
class ArmShortFormat {
 public:
  using Word = uint32_t;

  explicit ArmShortFormat(const ArmRegisters& registers) : registers_(registers) {}

  [[nodiscard]] std::vector<Table> Roots() const;

  [[nodiscard]] static uint64_t SpanOf(unsigned level);
  [[nodiscard]] static uint32_t CountBelow(unsigned level);
  [[nodiscard]] Entry Decode(Word word, unsigned level, VirtualAddress va,
                             const Limits& limits) const;
  [[nodiscard]] static VirtualAddress Extend(VirtualAddress va) { return va; }

 private:
  struct Leaf;

  [[nodiscard]] Limits LimitsOf(unsigned domain) const;
  [[nodiscard]] Entry DecodeFirst(Word word, VirtualAddress va) const;
  [[nodiscard]] Entry DecodeSecond(Word word, VirtualAddress va, const Limits& limits) const;
  [[nodiscard]] Entry MakeLeaf(const Leaf& leaf, const Limits& limits) const;
  [[nodiscard]] Cache CacheOf(uint64_t type_extension, uint64_t cacheable_bufferable) const;

  ArmRegisters registers_;
};

}  // namespace layoutcheck
