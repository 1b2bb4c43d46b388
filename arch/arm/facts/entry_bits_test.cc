// Each bit of a descriptor against the manual's number, and what the policy keeps in those left
// over.
#include <cstdint>
#include <string_view>

#include "arch/arm/facts/paging_policy.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

using mm::Access;
using mm::Caching;
using mm::EntryKind;
using mm::PageAttributes;
using mm::Scope;

struct BitRow {
  std::string_view name;
  uint32_t bits;
  uint32_t value;
};

// ARM DDI 0406C figures B3-4 and B3-5.
constexpr BitRow kBits[] = {
    {"type", descriptor_type::kMask, 0x3},
    {"section: PXN", first_level::kSectionPrivilegedExecuteNever, 0x1},
    {"page table: PXN", first_level::kTablePrivilegedExecuteNever, 0x4},
    {"section: B", first_level::kBufferable, 0x4},
    {"section: C", first_level::kCacheable, 0x8},
    {"section: XN", first_level::kExecuteNever, 0x10},
    {"first level: domain", first_level::kDomainMask, 0x1E0},
    {"section: AP[1:0]", uint32_t{0b11} << first_level::kAccessShift, 0xC00},
    {"section: TEX[0]", uint32_t{1} << first_level::kTypeExtensionShift, 0x1000},
    {"section: TEX[2:1]", uint32_t{0b11} << first_level::kSpareShift, 0x6000},
    {"section: AP[2]", first_level::kAccess2, 0x8000},
    {"section: S", first_level::kShareable, 0x1'0000},
    {"section: nG", first_level::kNotGlobal, 0x2'0000},
    {"section: bit 18, supersection", first_level::kSupersection, 0x4'0000},
    {"small page: XN", small_page::kExecuteNever, 0x1},
    {"small page: B", small_page::kBufferable, 0x4},
    {"small page: C", small_page::kCacheable, 0x8},
    {"small page: AP[1:0]", uint32_t{0b11} << small_page::kAccessShift, 0x30},
    {"small page: TEX[0]", uint32_t{1} << small_page::kTypeExtensionShift, 0x40},
    {"small page: TEX[2:1]", uint32_t{0b11} << small_page::kSpareShift, 0x180},
    {"small page: AP[2]", small_page::kAccess2, 0x200},
    {"small page: S", small_page::kShareable, 0x400},
    {"small page: nG", small_page::kNotGlobal, 0x800},
};

TEST(ArmEntryBits, AreTheManuals) {
  for (const BitRow& row : kBits) EXPECT_EQ(row.bits, row.value) << row.name;
}

// One attribute at a time, against kernel rw, global, normal.
struct AttributeRow {
  std::string_view name;
  PageAttributes attributes;
  uint32_t small_page;  // bits that differ
  uint32_t section;
};

constexpr PageAttributes kData{Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kUserText{Access::kReadExecute, Access::kRead, Caching::kNormal,
                                   Scope::kProcess};

constexpr AttributeRow kAttributes[] = {
    {"read-only: AP[2]",
     {Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal},
     0x200,
     0x8000},
    {"not global: nG",
     {Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
     0x800,
     0x2'0000},
    {"open to the user of every process: AP[1]",
     {Access::kReadWrite, Access::kReadWrite, Caching::kNormal, Scope::kGlobal},
     0x20,
     0x800},
    {"open to the user of one: AP[1], nG, and a section's domain",
     {Access::kReadWrite, Access::kReadWrite, Caching::kNormal, Scope::kProcess},
     0x820,
     0x2'0820},
    // AP 001 to 010.
    {"read-only for the user alone",
     {Access::kRead, Access::kReadWrite, Caching::kNormal, Scope::kGlobal},
     0x30,
     0xC00},
    {"executable: XN, and a section's PXN",
     {Access::kNone, Access::kReadWrite | Access::kExecute, Caching::kNormal, Scope::kGlobal},
     0x1,
     0x11},
    {"a device: C, TEX[0], S",
     {Access::kNone, Access::kReadWrite, Caching::kDevice, Scope::kGlobal},
     0x448,
     0x1'1008},
};

TEST(ArmEntryBits, ChangeOneByOne) {
  constexpr mm::PhysAddr kPa{0x4010'0000};
  for (const AttributeRow& row : kAttributes) {
    for (unsigned level = 0; level <= 1; ++level) {
      const uint32_t plain = PagingPolicy::MakeLeaf(kPa, kData, level);
      const uint32_t leaf = PagingPolicy::MakeLeaf(kPa, row.attributes, level);
      EXPECT_EQ(plain ^ leaf, level == 1 ? row.section : row.small_page) << row.name;
    }
  }
}

// A user's code: XN clear, PXN set, in the section itself or in the table above the page.
TEST(ArmEntryBits, KeepTheKernelFromUserCode) {
  EXPECT_EQ(PagingPolicy::MakeLeaf(mm::PhysAddr{0x4010'0000}, kUserText, 1) & 0x11u, 0x1u);
  EXPECT_EQ(PagingPolicy::MakeLeaf(mm::PhysAddr{0x4010'0000}, kUserText, 0) & 0x1u, 0x0u);
  EXPECT_EQ(PagingPolicy::MakeTable(mm::PhysAddr{0x4010'0400}, kUserText, 1) & 0x4u, 0x4u);
}

TEST(ArmEntryBits, KeepSpareBits) {
  for (uint64_t spare = 0; spare < 4; ++spare) {
    for (unsigned level = 0; level <= 1; ++level) {
      const uint32_t leaf = PagingPolicy::MakeLeaf(mm::PhysAddr{0x4010'0000}, kData, level);
      const uint32_t with = PagingPolicy::WithSpare(leaf, spare, level);
      EXPECT_EQ(with ^ leaf, static_cast<uint32_t>(spare) << (level == 1 ? 13 : 7));
      EXPECT_EQ(PagingPolicy::SpareOf(with, level), spare);
      EXPECT_TRUE(PagingPolicy::AttributesOf(with, level, {.privileged_execute_never = true}) ==
                  kData);
      const uint32_t changed = PagingPolicy::WithAttributes(with, kUserText, level);
      EXPECT_EQ(PagingPolicy::SpareOf(changed, level), spare);
      if (level == 1) EXPECT_EQ(PagingPolicy::SpareOf(PagingPolicy::PartOf(with, 1, 9), 0), spare);
    }
  }
}

TEST(ArmEntryBits, HoldMarks) {
  for (const uint64_t mark : {0x1u, 0x1234'5678u, 0x3FFF'FFFFu}) {
    const uint32_t entry = PagingPolicy::MakeMark(mark);
    EXPECT_EQ(entry, static_cast<uint32_t>(mark << 2));
    EXPECT_EQ(PagingPolicy::MarkOf(entry), mark);
    EXPECT_EQ(PagingPolicy::KindOf(entry, 0), EntryKind::kMark);
    EXPECT_EQ(PagingPolicy::KindOf(entry, 1), EntryKind::kMark);
  }
}

struct BreakRow {
  std::string_view name;
  PageAttributes attributes;
  bool must_break;
};

// What may not change while an entry is in use (B3.10.1): memory type and scope, but not rights.
constexpr BreakRow kBreaks[] = {
    {"nothing", kData, false},
    {"read-only", {Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal}, false},
    {"executable", {Access::kNone, Access::kReadExecute, Caching::kNormal, Scope::kGlobal}, false},
    {"for the user", {Access::kRead, Access::kReadWrite, Caching::kNormal, Scope::kGlobal}, false},
    {"a device", {Access::kNone, Access::kReadWrite, Caching::kDevice, Scope::kGlobal}, true},
    {"not global", {Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kProcess}, true},
};

TEST(ArmEntryBits, TellWhatMustBreak) {
  for (const BreakRow& row : kBreaks) {
    for (unsigned level = 0; level <= 1; ++level) {
      const uint32_t leaf = PagingPolicy::MakeLeaf(mm::PhysAddr{0x4010'0000}, kData, level);
      const uint32_t changed = PagingPolicy::WithAttributes(leaf, row.attributes, level);
      EXPECT_EQ(PagingPolicy::MustBreak(leaf, changed, level), row.must_break) << row.name;
      EXPECT_EQ(PagingPolicy::IsGlobal(changed, level), row.attributes.scope == Scope::kGlobal);
    }
  }
}

}  // namespace
}  // namespace arch::arm
