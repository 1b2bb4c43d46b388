#include "arch/arm/facts/paging_policy.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::arm {
namespace {

using mm::Access;
using mm::Caching;
using mm::EntryKind;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;

constexpr PageAttributes Kernel(Access access, Scope scope = Scope::kGlobal) {
  return {.user = Access::kNone, .kernel = access, .caching = Caching::kNormal, .scope = scope};
}

constexpr PageAttributes Both(Access user, Access kernel, Scope scope = Scope::kProcess) {
  return {.user = user, .kernel = kernel, .caching = Caching::kNormal, .scope = scope};
}

constexpr PageAttributes Device(Access access) {
  return {.user = Access::kNone,
          .kernel = access,
          .caching = Caching::kDevice,
          .scope = Scope::kGlobal};
}

// ARM DDI 0406C figure B3-4 (level 1) and B3-5 (level 0), AP from table B3-8, TEX C B from B3-10.
// `below_never` is the PXN bit of the first-level entry above a small page.
struct LeafRow {
  std::string_view name;
  PhysAddr pa;
  PageAttributes attributes;
  unsigned level;
  bool below_never;
  uint32_t entry;
};

constexpr LeafRow kLeaves[] = {
    {"kernel r", {0x4000'1000}, Kernel(Access::kRead), 0, true, 0x4000'165F},
    {"kernel rw", {0x4000'1000}, Kernel(Access::kReadWrite), 0, true, 0x4000'145F},
    {"kernel rx", {0x4000'1000}, Kernel(Access::kReadExecute), 0, false, 0x4000'165E},
    {"kernel rw, not global",
     {0x4000'1000},
     Kernel(Access::kReadWrite, Scope::kProcess),
     0,
     true,
     0x4000'1C5F},
    {"user r", {0x4000'1000}, Both(Access::kRead, Access::kRead), 0, true, 0x4000'1E7F},
    {"user rw", {0x4000'1000}, Both(Access::kReadWrite, Access::kReadWrite), 0, true, 0x4000'1C7F},
    {"user rx", {0x4000'1000}, Both(Access::kReadExecute, Access::kRead), 0, true, 0x4000'1E7E},
    {"user rx, kernel rx",
     {0x1000},
     Both(Access::kReadExecute, Access::kReadExecute),
     0,
     false,
     0x0000'1E7E},
    {"user r, kernel rw",
     {0x4000'1000},
     Both(Access::kRead, Access::kReadWrite),
     0,
     true,
     0x4000'1C6F},
    {"user rw, global",
     {0x4000'1000},
     Both(Access::kReadWrite, Access::kReadWrite, Scope::kGlobal),
     0,
     true,
     0x4000'147F},
    {"device", {0x0900'0000}, Device(Access::kReadWrite), 0, true, 0x0900'0017},
    {"highest frame", {0xFFFF'F000}, Kernel(Access::kReadWrite), 0, true, 0xFFFF'F45F},
    {"section kernel r", {0x4010'0000}, Kernel(Access::kRead), 1, false, 0x4011'941F},
    {"section kernel rw", {0x4010'0000}, Kernel(Access::kReadWrite), 1, false, 0x4011'141F},
    {"section kernel rx", {0x4010'0000}, Kernel(Access::kReadExecute), 1, false, 0x4011'940E},
    {"section user rw",
     {0x4010'0000},
     Both(Access::kReadWrite, Access::kReadWrite),
     1,
     false,
     0x4013'1C3F},
    {"section user rx",
     {0x4010'0000},
     Both(Access::kReadExecute, Access::kRead),
     1,
     false,
     0x4013'9C2F},
    {"section user r, kernel rw",
     {0x4010'0000},
     Both(Access::kRead, Access::kReadWrite),
     1,
     false,
     0x4013'183F},
    {"section device", {0x0900'0000}, Device(Access::kReadWrite), 1, false, 0x0900'0417},
    {"highest section", {0xFFF0'0000}, Kernel(Access::kReadWrite), 1, false, 0xFFF1'141F},
};

TEST(ArmPagingPolicy, MakesTheManualsLeaves) {
  for (const LeafRow& row : kLeaves) {
    EXPECT_EQ(PagingPolicy::MakeLeaf(row.pa, row.attributes, row.level), row.entry) << row.name;
  }
}

TEST(ArmPagingPolicy, ReadsLeavesBack) {
  for (const LeafRow& row : kLeaves) {
    const PagingPolicy::Inherited above{.privileged_execute_never = row.below_never};
    EXPECT_EQ(PagingPolicy::KindOf(row.entry, row.level), EntryKind::kLeaf) << row.name;
    EXPECT_EQ(PagingPolicy::TargetOf(row.entry, row.level), row.pa) << row.name;
    EXPECT_TRUE(PagingPolicy::AttributesOf(row.entry, row.level, above) == row.attributes)
        << row.name;
    EXPECT_TRUE(PagingPolicy::Granted(row.attributes) == row.attributes) << row.name;
  }
}

// Figure B3-4, page table: the kernel's domain or the user's, PXN unless the kernel runs code
// below.
TEST(ArmPagingPolicy, MakesTables) {
  constexpr PhysAddr kTable{0x4000'4400};  // second-level tables are 1 KiB
  constexpr PageAttributes kText = Kernel(Access::kReadExecute);
  const uint32_t data = PagingPolicy::MakeTable(kTable, Kernel(Access::kReadWrite), 1);
  EXPECT_EQ(data, 0x4000'4405);
  EXPECT_EQ(PagingPolicy::MakeTable(kTable, kText, 1), 0x4000'4401);
  EXPECT_EQ(PagingPolicy::Admit(data, Kernel(Access::kRead), 1), 0x4000'4405);
  EXPECT_EQ(PagingPolicy::Admit(data, kText, 1), 0x4000'4401);
  EXPECT_EQ(PagingPolicy::Admit(0x4000'4401, Kernel(Access::kRead), 1), 0x4000'4401);
  EXPECT_EQ(PagingPolicy::Admit(0x4000'4401, Both(Access::kReadExecute, Access::kRead), 1),
            0x4000'4425);
  EXPECT_EQ(PagingPolicy::MakeTable(kTable, Both(Access::kRead, Access::kRead), 1), 0x4000'4425);
  EXPECT_EQ(PagingPolicy::Admit(0x4000'4425, Kernel(Access::kRead), 1), 0x4000'4405);
  EXPECT_EQ(PagingPolicy::Admit(0x4000'4421, {}, 1), 0x4000'4421);
  EXPECT_EQ(PagingPolicy::KindOf(data, 1), EntryKind::kTable);
  EXPECT_EQ(PagingPolicy::TargetOf(data, 1), kTable);
}

struct KindRow {
  std::string_view name;
  uint32_t entry;
  unsigned level;
  EntryKind kind;
};

constexpr KindRow kKinds[] = {
    {"first level, fault", 0, 1, EntryKind::kNone},
    {"second level, fault", 0, 0, EntryKind::kNone},
    {"first level, fault, all other bits set", 0xFFFF'FFFC, 1, EntryKind::kMark},
    {"second level, fault, all other bits set", 0xFFFF'FFFC, 0, EntryKind::kMark},
    {"page table", 0x4000'4401, 1, EntryKind::kTable},
    {"page table in the user's domain", 0x4000'4421, 1, EntryKind::kTable},
    {"page table in domain 2", 0x4000'4441, 1, EntryKind::kForeign},
    {"section", 0x4010'0402, 1, EntryKind::kLeaf},
    {"section with PXN", 0x4010'0403, 1, EntryKind::kLeaf},
    {"section in the user's domain", 0x4010'0422, 1, EntryKind::kLeaf},
    {"section in domain 15", 0x4010'05E2, 1, EntryKind::kForeign},
    {"supersection", 0x4014'0402, 1, EntryKind::kForeign},
    {"large page", 0x4001'0011, 0, EntryKind::kForeign},
    {"small page", 0x4000'1012, 0, EntryKind::kLeaf},
    {"small page with XN", 0x4000'1013, 0, EntryKind::kLeaf},
};

TEST(ArmPagingPolicy, TellsKindsApart) {
  for (const KindRow& row : kKinds) {
    EXPECT_EQ(PagingPolicy::KindOf(row.entry, row.level), row.kind) << row.name;
  }
}

// Table B3-8: every value of AP[2:0], in a small page (XN clear) and in a section (XN, PXN clear).
struct PermissionRow {
  std::string_view name;
  uint32_t small_page;
  uint32_t section;
  Access kernel;
  Access user;
};

constexpr PermissionRow kPermissions[] = {
    {"000", 0x002, 0x0'0002, Access::kNone, Access::kNone},
    {"001", 0x012, 0x0'0402, Access::kReadWrite, Access::kNone},
    {"010", 0x022, 0x0'0802, Access::kReadWrite, Access::kRead},
    {"011", 0x032, 0x0'0C02, Access::kReadWrite, Access::kReadWrite},
    {"100, reserved", 0x202, 0x0'8002, Access::kNone, Access::kNone},
    {"101", 0x212, 0x0'8402, Access::kRead, Access::kNone},
    {"110, deprecated", 0x222, 0x0'8802, Access::kRead, Access::kRead},
    {"111", 0x232, 0x0'8C02, Access::kRead, Access::kRead},
};

// Execution needs the right to read (B3.7.2).
constexpr Access Executable(Access data) {
  return data == Access::kNone ? data : data | Access::kExecute;
}

TEST(ArmPagingPolicy, ReadsEveryPermission) {
  for (const PermissionRow& row : kPermissions) {
    const PageAttributes small = PagingPolicy::AttributesOf(row.small_page, 0, {});
    EXPECT_EQ(small.kernel, Executable(row.kernel)) << row.name;
    EXPECT_EQ(small.user, Executable(row.user)) << row.name;
    const PageAttributes section = PagingPolicy::AttributesOf(row.section, 1, {});
    EXPECT_EQ(section.kernel, Executable(row.kernel)) << row.name;
    EXPECT_EQ(section.user, Executable(row.user)) << row.name;
  }
}

// B3.7.2: XN takes execution from all, PXN from the kernel; a small page's PXN is its table's.
TEST(ArmPagingPolicy, ReadsExecuteNever) {
  constexpr uint32_t kSection = 0x0'0C02;
  EXPECT_EQ(PagingPolicy::AttributesOf(kSection | 0x10, 1, {}).user, Access::kReadWrite);
  EXPECT_EQ(PagingPolicy::AttributesOf(kSection | 0x10, 1, {}).kernel, Access::kReadWrite);
  EXPECT_EQ(PagingPolicy::AttributesOf(kSection | 0x1, 1, {}).user,
            Access::kReadWrite | Access::kExecute);
  EXPECT_EQ(PagingPolicy::AttributesOf(kSection | 0x1, 1, {}).kernel, Access::kReadWrite);
  constexpr uint32_t kPage = 0x232;
  const PagingPolicy::Inherited never = PagingPolicy::Inherit({}, 0x4000'4405, 1);
  EXPECT_EQ(PagingPolicy::AttributesOf(kPage, 0, never).kernel, Access::kRead);
  EXPECT_EQ(PagingPolicy::AttributesOf(kPage, 0, never).user, Access::kReadExecute);
  EXPECT_EQ(PagingPolicy::AttributesOf(kPage | 1, 0, {}).kernel, Access::kRead);
  EXPECT_EQ(PagingPolicy::AttributesOf(kPage | 1, 0, {}).user, Access::kRead);
}

struct GrantRow {
  std::string_view name;
  PageAttributes wanted;
  std::optional<PageAttributes> granted;
};

constexpr GrantRow kGrants[] = {
    {"nothing", Both(Access::kNone, Access::kNone), std::nullopt},
    {"write-only", Both(Access::kNone, Access::kWrite), std::nullopt},
    {"execute-only", Both(Access::kExecute, Access::kNone), std::nullopt},
    {"a layout's image", Both(Access::kNone, Access::kImage), std::nullopt},
    {"writable and executable", Kernel(Access::kReadWrite | Access::kExecute), std::nullopt},
    {"the user's, writable and executable",
     Both(Access::kReadWrite | Access::kExecute, Access::kNone), std::nullopt},
    {"the kernel writes what the user executes", Both(Access::kReadExecute, Access::kReadWrite),
     std::nullopt},
    {"user only", Both(Access::kReadWrite, Access::kNone),
     Both(Access::kReadWrite, Access::kReadWrite)},
    {"user text", Both(Access::kReadExecute, Access::kNone),
     Both(Access::kReadExecute, Access::kRead)},
    {"kernel writes what the user reads", Both(Access::kRead, Access::kReadWrite),
     Both(Access::kRead, Access::kReadWrite)},
    {"shared text", Both(Access::kReadExecute, Access::kReadExecute),
     Both(Access::kReadExecute, Access::kReadExecute)},
    {"kernel executes what the user may not", Both(Access::kRead, Access::kReadExecute),
     std::nullopt},
    {"thread scope",
     {Access::kNone, Access::kRead, Caching::kNormal, Scope::kThread},
     Kernel(Access::kRead, Scope::kProcess)},
    {"executable device", Device(Access::kReadExecute), std::nullopt},
};

TEST(ArmPagingPolicy, GrantsWhatItCan) {
  for (const GrantRow& row : kGrants) {
    EXPECT_TRUE(PagingPolicy::Granted(row.wanted) == row.granted) << row.name;
  }
}

TEST(ArmPagingPolicy, SplitsSections) {
  constexpr uint32_t kSection = 0x4011'141F;  // kernel rw
  EXPECT_EQ(PagingPolicy::PartOf(kSection, 1, 0), 0x4010'045F);
  EXPECT_EQ(PagingPolicy::PartOf(kSection, 1, 255), 0x401F'F45F);
  constexpr uint32_t kText = 0x4011'940E;  // kernel rx
  EXPECT_EQ(PagingPolicy::PartOf(kText, 1, 1), 0x4010'165E);
}

// B4.1.43: two bits a domain, 01 for client.
TEST(ArmPagingPolicy, OpensAndClosesTheUsersDomain) {
  EXPECT_EQ(PagingPolicy::kUserClosed, 0b00'01u);
  EXPECT_EQ(PagingPolicy::kUserOpen, 0b01'01u);
}

// B3.5.4: with TTBCR.N the first level has 2^(12-N) entries in 16 KiB >> N.
TEST(ArmPagingPolicy, ShapesItsLevels) {
  EXPECT_EQ(PagingPolicy::Level(0).shift, 12);
  EXPECT_EQ(PagingPolicy::Level(0).index_bits, 8);
  EXPECT_EQ(PagingPolicy::Level(0).table_bytes, 1024);
  EXPECT_EQ(PagingPolicy::Level(1).shift, 20);
  EXPECT_EQ(PagingPolicy::Level(1).index_bits, 12);
  EXPECT_EQ(PagingPolicy::Level(1).table_bytes, 16384);
  EXPECT_EQ(PagingPolicy::Root(1).level, 1);
  EXPECT_EQ(PagingPolicy::Root(1).index_bits, 11);
  EXPECT_EQ(PagingPolicy::Root(7).index_bits, 5);
}

}  // namespace
}  // namespace arch::arm
