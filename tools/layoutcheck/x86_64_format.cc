#include "tools/layoutcheck/x86_64_format.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/bits.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/rights.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {
namespace {

// Bits of control registers, SDM vol. 3A 2.5.
constexpr unsigned kCr0WriteProtect = 16;
constexpr unsigned kCr4PageGlobalEnable = 7;
constexpr unsigned kCr4FiveLevels = 12;  // LA57
constexpr unsigned kCr4Smep = 20;
constexpr unsigned kEferNoExecuteEnable = 11;

// Bits of an entry, SDM vol. 3A tables 4-14 to 4-20.
constexpr unsigned kPresent = 0;
constexpr unsigned kWritable = 1;
constexpr unsigned kUser = 2;
constexpr unsigned kWriteThrough = 3;
constexpr unsigned kCacheDisable = 4;
constexpr unsigned kPageSize = 7;
constexpr unsigned kGlobal = 8;
constexpr unsigned kExecuteDisable = 63;
// MAXPHYADDR is not visible from outside; it is at most 52.
constexpr unsigned kHighestAddressBit = 51;

constexpr unsigned kPageShift = 12;
constexpr unsigned kIndexBits = 9;
constexpr uint32_t kEntries = 1U << kIndexBits;
constexpr unsigned kHighestLeafLevel = 3;  // 1 GiB

constexpr unsigned ShiftOf(unsigned level) { return kPageShift + kIndexBits * (level - 1); }

// What one entry leaves of the rights above it (4.6.1: rights are those of all levels).
Limits Limit(uint64_t word, const Limits& above) {
  Limits limits = above;
  if (!IsSet(word, kUser)) limits.user = Rights::kNone;
  Rights removed = Rights::kNone;
  if (!IsSet(word, kWritable)) removed = removed | Rights::kWrite;
  if (IsSet(word, kExecuteDisable)) removed = removed | Rights::kExecute;
  limits.user = Without(limits.user, removed);
  limits.kernel = Without(limits.kernel, removed);
  return limits;
}

// Types of the PAT after reset (table 4-12 with 12-12), which PCD and PWT alone select.
Cache CacheOf(uint64_t word) {
  if (IsSet(word, kCacheDisable)) return Cache::kUncached;
  return IsSet(word, kWriteThrough) ? Cache::kWriteThrough : Cache::kWriteBack;
}

Entry Malformed(std::string_view fault) {
  return {.kind = Entry::Kind::kMalformed, .fault = fault};
}

}  // namespace

unsigned X86_64Format::levels() const {
  constexpr unsigned kFour = 4;
  constexpr unsigned kFive = 5;
  return IsSet(registers_.cr4, kCr4FiveLevels) ? kFive : kFour;
}

unsigned X86_64Format::address_bits() const { return ShiftOf(levels() + 1); }

std::vector<Table> X86_64Format::Roots() const {
  const PhysicalAddress root = {Masked(registers_.cr3, kHighestAddressBit, kPageShift)};
  return {{.base = {0}, .at = root, .level = levels(), .count = kEntries, .limits = {}}};
}

uint64_t X86_64Format::SpanOf(unsigned level) { return uint64_t{1} << ShiftOf(level); }

uint32_t X86_64Format::CountBelow(unsigned) { return kEntries; }

VirtualAddress X86_64Format::Extend(VirtualAddress va) const {
  const uint64_t sign = uint64_t{1} << (address_bits() - 1);
  return {(va.value ^ sign) - sign};
}

Attributes X86_64Format::AttributesOf(Word word, const Limits& above) const {
  const Limits limits = Limit(word, above);
  Attributes attributes = {.user = limits.user, .kernel = limits.kernel, .cache = CacheOf(word)};
  const bool is_user_page = Has(limits.user, Rights::kRead);
  // 4.6.1: without CR0.WP, supervisor mode writes anywhere; with SMEP it executes no user page.
  if (!IsSet(registers_.cr0, kCr0WriteProtect)) {
    attributes.kernel = attributes.kernel | Rights::kWrite;
  }
  if (is_user_page && IsSet(registers_.cr4, kCr4Smep)) {
    attributes.kernel = Without(attributes.kernel, Rights::kExecute);
  }
  const bool is_global = IsSet(word, kGlobal) && IsSet(registers_.cr4, kCr4PageGlobalEnable);
  attributes.reach = is_global ? Reach::kGlobal : Reach::kOneSpace;
  return attributes;
}

Entry X86_64Format::Decode(Word word, unsigned level, VirtualAddress, const Limits& limits) const {
  if (!IsSet(word, kPresent)) return {};
  if (IsSet(word, kExecuteDisable) && !IsSet(registers_.efer, kEferNoExecuteEnable)) {
    return Malformed("XD is reserved while EFER.NXE is 0");
  }
  const bool has_page_size = level > 1 && IsSet(word, kPageSize);
  if (has_page_size && level > kHighestLeafLevel) return Malformed("PS is reserved");
  if (level > 1 && !has_page_size) {
    return {.kind = Entry::Kind::kTable,
            .target = {Masked(word, kHighestAddressBit, kPageShift)},
            .limits = Limit(word, limits)};
  }
  // Bit 12 of a large page is its PAT bit.
  constexpr unsigned kLowestReserved = 13;
  if (level > 1 && Field(word, ShiftOf(level) - 1, kLowestReserved) != 0) {
    return Malformed("a large page's address is not aligned");
  }
  return {.kind = Entry::Kind::kLeaf,
          .target = {Masked(word, kHighestAddressBit, ShiftOf(level))},
          .page_bytes = SpanOf(level),
          .attributes = AttributesOf(word, limits)};
}

}  // namespace layoutcheck
