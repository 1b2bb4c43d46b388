// Long descriptors of ARMv7-A (LPAE): ARM Architecture Reference Manual ARMv7-A (DDI 0406C) B3.6,
// with access permissions of B3.7 and memory attributes of B3.8.4.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {

// A format of TableWalk. Levels count down to 1 here; the manual's level 1 is 3, its 3 is 1.
class ArmLongFormat {
 public:
  using Word = uint64_t;

  explicit ArmLongFormat(const ArmRegisters& registers) : registers_(registers) {}

  // Whether no entry of a root translates addresses of both tables: that is not supported.
  [[nodiscard]] bool HasWholeRoots() const;
  [[nodiscard]] std::vector<Table> Roots() const;

  [[nodiscard]] static uint64_t SpanOf(unsigned level);
  [[nodiscard]] static uint32_t CountBelow(unsigned level);
  [[nodiscard]] Entry Decode(Word word, unsigned level, VirtualAddress va,
                             const Limits& limits) const;
  [[nodiscard]] static VirtualAddress Extend(VirtualAddress va) { return va; }

 private:
  [[nodiscard]] Attributes AttributesOf(Word word, const Limits& limits) const;
  [[nodiscard]] Cache CacheOf(uint64_t index) const;

  ArmRegisters registers_;
};

}  // namespace layoutcheck
