#include "tools/layoutcheck/arm_short_format.h"

#include <cstdint>
#include <string_view>
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

constexpr unsigned kFirstLevel = 2;
constexpr unsigned kSectionShift = 20;
constexpr unsigned kSupersectionShift = 24;
constexpr unsigned kLargePageShift = 16;
constexpr unsigned kPageShift = 12;
constexpr unsigned kTableShift = 10;
constexpr unsigned kTopBit = 31;
constexpr uint32_t kRootEntries = 4096;
constexpr uint32_t kSecondLevelEntries = 256;

// TTBCR with short descriptors, B4.1.153.
constexpr unsigned kTtbcrSplitHigh = 2;  // N is bits 2:0
constexpr unsigned kTtbcrNoTable0 = 4;   // PD0
constexpr unsigned kTtbcrNoTable1 = 5;   // PD1
constexpr unsigned kRootAlignmentShift = 14;

constexpr uint64_t kTypeMask = 0b11;
constexpr uint64_t kTypeTable = 0b01;      // first level
constexpr uint64_t kTypeLargePage = 0b01;  // second level

// First level, figure B3-4.
constexpr unsigned kTablePrivilegedExecuteNever = 2;
constexpr unsigned kSectionPrivilegedExecuteNever = 0;
constexpr unsigned kSupersection = 18;

uint64_t DomainOf(uint64_t word) { return Field(word, 8, 5); }

Never AsNever(bool set) { return set ? Never::kYes : Never::kNo; }

// AP[2:0] while SCTLR.AFE is 0, table B3-8.
arm::ReadWrite DecodeThreeBits(uint64_t access) {
  constexpr uint64_t kNothing = 0b000;
  constexpr uint64_t kUserReads = 0b010;
  constexpr uint64_t kReserved = 0b100;
  constexpr uint64_t kAllReadDeprecated = 0b110;
  constexpr Rights kReadWrite = Rights::kRead | Rights::kWrite;
  switch (access) {
    case kNothing:
    case kReserved:
      return {.user = Rights::kNone, .kernel = Rights::kNone};
    case kUserReads:
      return {.user = Rights::kRead, .kernel = kReadWrite};
    case kAllReadDeprecated:
      return {.user = Rights::kRead, .kernel = Rights::kRead};
    default:
      return arm::DecodeTwoBits(access >> 1);
  }
}

}  // namespace

// The fields of a leaf, wherever its kind has them.
struct ArmShortFormat::Leaf {
  uint64_t target;
  unsigned page_shift;
  uint64_t access;          // AP[2:0]
  uint64_t type_extension;  // TEX
  uint64_t cacheable_bufferable;
  Never execute;
  Never privileged_execute;
  Reach reach;
};

// B3.5.4: which table translates which addresses. N takes bits off the first one's index.
std::vector<Table> ArmShortFormat::Roots() const {
  const unsigned split = static_cast<unsigned>(Field(registers_.ttbcr, kTtbcrSplitHigh, 0));
  // B4.1.153: PD0 and PD1 belong to the Security Extensions.
  const auto is_off = [&](unsigned bit) {
    return registers_.security == Extension::kPresent && IsSet(registers_.ttbcr, bit);
  };
  std::vector<Table> roots;
  const uint32_t low_entries = kRootEntries >> split;
  if (!is_off(kTtbcrNoTable0)) {
    const uint64_t at = Masked(registers_.ttbr0, kTopBit, kRootAlignmentShift - split);
    roots.push_back(
        {.base = {0}, .at = {at}, .level = kFirstLevel, .count = low_entries, .limits = {}});
  }
  if (split != 0 && !is_off(kTtbcrNoTable1)) {
    const uint64_t at = Masked(registers_.ttbr1, kTopBit, kRootAlignmentShift);
    roots.push_back({.base = {uint64_t{low_entries} << kSectionShift},
                     .at = {at + low_entries * sizeof(Word)},
                     .level = kFirstLevel,
                     .count = kRootEntries - low_entries,
                     .limits = {}});
  }
  return roots;
}

uint64_t ArmShortFormat::SpanOf(unsigned level) {
  return uint64_t{1} << (level == kFirstLevel ? kSectionShift : kPageShift);
}

uint32_t ArmShortFormat::CountBelow(unsigned) { return kSecondLevelEntries; }

// B3.7.3, DACR: two bits a domain. A closed one is judged as if it were open: kernels close that of
// user pages while they run, and user mode has what the entries say when it runs again.
Limits ArmShortFormat::LimitsOf(unsigned domain) const {
  constexpr uint64_t kNoAccess = 0b00;
  constexpr uint64_t kClient = 0b01;
  constexpr uint64_t kManager = 0b11;
  const uint64_t access = Field(registers_.dacr, 2 * domain + 1, 2 * domain);
  if (access == kClient || access == kNoAccess) return {};
  if (access == kManager) return {.check = Limits::Check::kNothing};
  return {.user = Rights::kNone, .kernel = Rights::kNone, .check = Limits::Check::kNothing};
}

Entry ArmShortFormat::Decode(Word word, unsigned level, VirtualAddress va,
                             const Limits& limits) const {
  if ((word & kTypeMask) == 0) return {};
  return level == kFirstLevel ? DecodeFirst(word, va) : DecodeSecond(word, va, limits);
}

Entry ArmShortFormat::DecodeFirst(Word word, VirtualAddress va) const {
  const bool has_pxn = arm::HasPrivilegedExecuteNever(registers_);
  if ((word & kTypeMask) == kTypeTable) {
    Limits limits = LimitsOf(static_cast<unsigned>(DomainOf(word)));
    const bool never = has_pxn && IsSet(word, kTablePrivilegedExecuteNever);
    if (never && limits.check == Limits::Check::kEntry) {
      limits.kernel = Without(limits.kernel, Rights::kExecute);
    }
    return {.kind = Entry::Kind::kTable,
            .target = {Masked(word, kTopBit, kTableShift)},
            .limits = limits};
  }
  if (!has_pxn && IsSet(word, kSectionPrivilegedExecuteNever)) {
    return {.kind = Entry::Kind::kMalformed, .fault = "the descriptor type 0b11 is reserved"};
  }
  Leaf leaf = {.target = Masked(word, kTopBit, kSectionShift),
               .page_shift = kSectionShift,
               .access = Field(word, 15, 15) << 2 | Field(word, 11, 10),
               .type_extension = Field(word, 14, 12),
               .cacheable_bufferable = Field(word, 3, 2),
               .execute = AsNever(IsSet(word, 4)),
               .privileged_execute = AsNever(IsSet(word, kSectionPrivilegedExecuteNever)),
               .reach = IsSet(word, 17) ? Reach::kOneSpace : Reach::kGlobal};
  if (!IsSet(word, kSupersection)) {
    return MakeLeaf(leaf, LimitsOf(static_cast<unsigned>(DomainOf(word))));
  }
  // Bits 39:36 and 35:32 of the address are in place of the domain, which is 0, and below bit 24.
  const uint64_t high = DomainOf(word) << 36 | Field(word, 23, 20) << 32;
  leaf.target = high | Masked(word, kTopBit, kSupersectionShift) |
                Masked(va.value, kSupersectionShift - 1, kSectionShift);
  leaf.page_shift = kSupersectionShift;
  return MakeLeaf(leaf, LimitsOf(0));
}

Entry ArmShortFormat::DecodeSecond(Word word, VirtualAddress va, const Limits& limits) const {
  const bool is_large = (word & kTypeMask) == kTypeLargePage;
  const uint64_t target = is_large ? Masked(word, kTopBit, kLargePageShift) |
                                         Masked(va.value, kLargePageShift - 1, kPageShift)
                                   : Masked(word, kTopBit, kPageShift);
  // Figure B3-5. The table's PXN is in the limits.
  return MakeLeaf({.target = target,
                   .page_shift = is_large ? kLargePageShift : kPageShift,
                   .access = Field(word, 9, 9) << 2 | Field(word, 5, 4),
                   .type_extension = is_large ? Field(word, 14, 12) : Field(word, 8, 6),
                   .cacheable_bufferable = Field(word, 3, 2),
                   .execute = AsNever(IsSet(word, is_large ? 15 : 0)),
                   .privileged_execute = Never::kNo,
                   .reach = IsSet(word, 11) ? Reach::kOneSpace : Reach::kGlobal},
                  limits);
}

Entry ArmShortFormat::MakeLeaf(const Leaf& leaf, const Limits& limits) const {
  Entry entry = {.kind = Entry::Kind::kLeaf,
                 .target = {leaf.target},
                 .page_bytes = uint64_t{1} << leaf.page_shift};
  if (limits.check == Limits::Check::kNothing) {
    entry.attributes = {.user = limits.user, .kernel = limits.kernel};
  } else {
    // With SCTLR.AFE, AP[0] is the access flag, which software sets when the page is first used.
    const arm::ReadWrite data = IsSet(registers_.sctlr, arm::kSctlrAccessFlag)
                                    ? arm::DecodeTwoBits(leaf.access >> 1)
                                    : DecodeThreeBits(leaf.access);
    entry.attributes = arm::AddExecution(registers_, data, leaf.execute, leaf.privileged_execute);
    entry.attributes.kernel = entry.attributes.kernel & limits.kernel;
  }
  entry.attributes.reach = leaf.reach;
  entry.attributes.cache = CacheOf(leaf.type_extension, leaf.cacheable_bufferable);
  return entry;
}

Cache ArmShortFormat::CacheOf(uint64_t type_extension, uint64_t cacheable_bufferable) const {
  // B3.8.3: TEX[0], C and B choose a field of PRRR, and for normal memory one of NMRR.
  if (IsSet(registers_.sctlr, arm::kSctlrTexRemap)) {
    constexpr uint64_t kNormal = 0b10;
    constexpr uint64_t kNotCached = 0b00;
    constexpr uint64_t kWriteThrough = 0b10;
    const unsigned index = static_cast<unsigned>((type_extension & 1) << 2 | cacheable_bufferable);
    if (Field(registers_.mair0, 2 * index + 1, 2 * index) != kNormal) return Cache::kDevice;
    const uint64_t inner = Field(registers_.mair1, 2 * index + 1, 2 * index);
    if (inner == kNotCached) return Cache::kUncached;
    return inner == kWriteThrough ? Cache::kWriteThrough : Cache::kWriteBack;
  }
  // B3.8.2, tables B3-10 and B3-11. With TEX[2], C and B are the inner cacheability themselves.
  constexpr uint64_t kWriteThroughBits = 0b10;
  constexpr uint64_t kWriteBackBits = 0b11;
  constexpr uint64_t kAllocatingBits = 0b01;
  const bool is_normal_only = IsSet(type_extension, 2);
  if (is_normal_only && cacheable_bufferable == kAllocatingBits) return Cache::kWriteBack;
  if (cacheable_bufferable == 0 && (is_normal_only || type_extension == 1)) return Cache::kUncached;
  if (cacheable_bufferable == kWriteBackBits) return Cache::kWriteBack;
  if (cacheable_bufferable == kWriteThroughBits) return Cache::kWriteThrough;
  return Cache::kDevice;
}

}  // namespace layoutcheck
