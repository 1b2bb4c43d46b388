#include "tools/layoutcheck/arm_long_format.h"

#include <cstdint>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/arm_rights.h"
#include "tools/layoutcheck/bits.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/rights.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {
namespace {

using arm::Never;

constexpr unsigned kAddressBits = 32;
constexpr unsigned kHighestPhysicalBit = 39;
constexpr unsigned kPageShift = 12;
constexpr unsigned kIndexBits = 9;
constexpr uint32_t kEntries = 1U << kIndexBits;
constexpr unsigned kTopLevel = 3;
constexpr unsigned kMiddleLevel = 2;

// TTBCR with long descriptors, B4.1.153.
constexpr unsigned kTtbcrNoTable0 = 7;   // EPD0
constexpr unsigned kTtbcrNoTable1 = 23;  // EPD1

// B3.6.1 and B3.6.2.
constexpr unsigned kValid = 0;
constexpr unsigned kTableOrPage = 1;
constexpr unsigned kNotGlobal = 11;
constexpr unsigned kPrivilegedExecuteNever = 53;
constexpr unsigned kExecuteNever = 54;
constexpr unsigned kTablePrivilegedExecuteNever = 59;
constexpr unsigned kTableExecuteNever = 60;
constexpr unsigned kTableNoUser = 61;    // APTable[0]
constexpr unsigned kTableReadOnly = 62;  // APTable[1]

constexpr unsigned ShiftOf(unsigned level) { return kPageShift + kIndexBits * (level - 1); }

// B3.6.3: what a table leaves to the entries below it.
Limits Limit(uint64_t word, const Limits& above) {
  Limits limits = above;
  Rights removed = Rights::kNone;
  if (IsSet(word, kTableReadOnly)) removed = removed | Rights::kWrite;
  if (IsSet(word, kTableExecuteNever)) removed = removed | Rights::kExecute;
  limits.user = IsSet(word, kTableNoUser) ? Rights::kNone : Without(limits.user, removed);
  limits.kernel = Without(limits.kernel, removed);
  if (IsSet(word, kTablePrivilegedExecuteNever)) {
    limits.kernel = Without(limits.kernel, Rights::kExecute);
  }
  return limits;
}

// B3.6.6: the first table translates `bits` address bits and may be short.
Table RootFor(uint64_t base, uint64_t register_value, unsigned bits) {
  const unsigned level = bits > ShiftOf(kTopLevel) ? kTopLevel : kMiddleLevel;
  const uint32_t count = 1U << (bits - ShiftOf(level));
  constexpr unsigned kWordShift = 3;
  const unsigned alignment = bits - ShiftOf(level) + kWordShift;
  return {.base = {base},
          .at = {Masked(register_value, kHighestPhysicalBit, alignment)},
          .level = level,
          .count = count,
          .limits = {}};
}

}  // namespace

bool ArmLongFormat::HasWholeRoots() const {
  constexpr uint64_t kLongest = 2;  // T0SZ or T1SZ that splits between entries of 1 GiB
  const uint64_t size0 = Field(registers_.ttbcr, 2, 0);
  const uint64_t size1 = Field(registers_.ttbcr, 18, 16);
  return (size0 != 0 || size1 <= kLongest) && (size1 != 0 || size0 <= kLongest);
}

// B3.6.4: T0SZ and T1SZ cut the space in two, with a hole between the parts where both are set.
std::vector<Table> ArmLongFormat::Roots() const {
  const unsigned size0 = static_cast<unsigned>(Field(registers_.ttbcr, 2, 0));
  const unsigned size1 = static_cast<unsigned>(Field(registers_.ttbcr, 18, 16));
  std::vector<Table> roots;
  const bool has_second = size0 != 0 || size1 != 0;
  const uint64_t space = uint64_t{1} << kAddressBits;
  const uint64_t low_bytes = space >> size0;
  const uint64_t high_base = size1 != 0 ? space - (space >> size1) : low_bytes;
  if (!IsSet(registers_.ttbcr, kTtbcrNoTable0)) {
    Table root = RootFor(0, registers_.ttbr0, kAddressBits - size0);
    // Without T0SZ the first part ends where the second begins.
    const uint64_t bytes = has_second && size0 == 0 ? high_base : low_bytes;
    root.count = static_cast<uint32_t>(bytes / SpanOf(root.level));
    roots.push_back(root);
  }
  if (has_second && !IsSet(registers_.ttbcr, kTtbcrNoTable1)) {
    Table root = RootFor(high_base, registers_.ttbr1, kAddressBits - size1);
    // Without T1SZ the table is one of the whole space, of which the upper part is used.
    if (size1 == 0) {
      const uint32_t skipped = static_cast<uint32_t>(high_base / SpanOf(root.level));
      root.at = root.at + skipped * sizeof(Word);
      root.count -= skipped;
    }
    roots.push_back(root);
  }
  return roots;
}

uint64_t ArmLongFormat::SpanOf(unsigned level) { return uint64_t{1} << ShiftOf(level); }

uint32_t ArmLongFormat::CountBelow(unsigned) { return kEntries; }

Entry ArmLongFormat::Decode(Word word, unsigned level, VirtualAddress, const Limits& limits) const {
  if (!IsSet(word, kValid)) return {};
  const bool is_table_or_page = IsSet(word, kTableOrPage);
  if (level > 1 && is_table_or_page) {
    return {.kind = Entry::Kind::kTable,
            .target = {Masked(word, kHighestPhysicalBit, kPageShift)},
            .limits = Limit(word, limits)};
  }
  if (level == 1 && !is_table_or_page) {
    return {.kind = Entry::Kind::kMalformed, .fault = "the descriptor type 0b01 is reserved"};
  }
  return {.kind = Entry::Kind::kLeaf,
          .target = {Masked(word, kHighestPhysicalBit, ShiftOf(level))},
          .page_bytes = SpanOf(level),
          .attributes = AttributesOf(word, limits)};
}

// The access flag (AF) is left aside: software sets it when the page is first used.
Attributes ArmLongFormat::AttributesOf(Word word, const Limits& limits) const {
  arm::ReadWrite data = arm::DecodeTwoBits(Field(word, 7, 6));
  data.user = data.user & limits.user;
  data.kernel = data.kernel & limits.kernel;
  Attributes attributes =
      arm::AddExecution(registers_, data, IsSet(word, kExecuteNever) ? Never::kYes : Never::kNo,
                        IsSet(word, kPrivilegedExecuteNever) ? Never::kYes : Never::kNo);
  attributes.user = attributes.user & limits.user;
  attributes.kernel = attributes.kernel & limits.kernel;
  attributes.reach = IsSet(word, kNotGlobal) ? Reach::kOneSpace : Reach::kGlobal;
  attributes.cache = CacheOf(Field(word, 4, 2));
  return attributes;
}

// MAIR0 and MAIR1, B4.1.104: eight bits for each index, the inner attributes in the lower four.
Cache ArmLongFormat::CacheOf(uint64_t index) const {
  constexpr unsigned kByteBits = 8;
  constexpr uint64_t kNotCached = 0b0100;
  constexpr unsigned kWriteBackBit = 2;
  const uint64_t both = uint64_t{registers_.mair1} << 32 | registers_.mair0;
  const uint64_t attribute = both >> (index * kByteBits);
  if (Field(attribute, 7, 4) == 0) return Cache::kDevice;
  const uint64_t inner = Field(attribute, 3, 0);
  if (inner == kNotCached) return Cache::kUncached;
  return IsSet(inner, kWriteBackBit) ? Cache::kWriteBack : Cache::kWriteThrough;
}

}  // namespace layoutcheck
