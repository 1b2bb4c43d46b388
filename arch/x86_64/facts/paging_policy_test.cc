#include "arch/x86_64/facts/paging_policy.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using mm::Access;
using mm::Caching;
using mm::EntryKind;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;

constexpr Access kAll = Access::kReadWrite | Access::kExecute;

constexpr PageAttributes Kernel(Access access, Scope scope = Scope::kGlobal) {
  return {.user = Access::kNone, .kernel = access, .caching = Caching::kNormal, .scope = scope};
}

// As granted: the kernel's data rights follow the user's.
constexpr PageAttributes User(Access access, Scope scope = Scope::kProcess) {
  return {.user = access,
          .kernel = access & Access::kReadWrite,
          .caching = Caching::kNormal,
          .scope = scope};
}

constexpr PageAttributes Device(Access access) {
  return {.user = Access::kNone,
          .kernel = access,
          .caching = Caching::kDevice,
          .scope = Scope::kGlobal};
}

// Intel SDM vol. 3A, format of a page-table entry that maps a 4-KByte page (table 4-20), of a
// page-directory entry that maps a 2-MByte page (4-18), of a PDPTE that maps a 1-GByte page (4-16).
struct LeafRow {
  std::string_view name;
  PhysAddr pa;
  PageAttributes attributes;
  unsigned level;
  uint64_t entry;
};

constexpr LeafRow kLeaves[] = {
    {"kernel r", {0x1000}, Kernel(Access::kRead), 0, 0x8000'0000'0000'1101},
    {"kernel rw", {0x1000}, Kernel(Access::kReadWrite), 0, 0x8000'0000'0000'1103},
    {"kernel rx", {0x20'0000}, Kernel(Access::kReadExecute), 0, 0x0000'0000'0020'0101},
    {"kernel rw, not global",
     {0x1000},
     Kernel(Access::kReadWrite, Scope::kProcess),
     0,
     0x8000'0000'0000'1003},
    {"user r", {0x1000}, User(Access::kRead), 0, 0x8000'0000'0000'1005},
    {"user rw", {0x1000}, User(Access::kReadWrite), 0, 0x8000'0000'0000'1007},
    {"user rx", {0x1000}, User(Access::kReadExecute), 0, 0x0000'0000'0000'1005},
    {"user rw, global",
     {0x1000},
     User(Access::kReadWrite, Scope::kGlobal),
     0,
     0x8000'0000'0000'1107},
    {"device", {0xFEC0'0000}, Device(Access::kReadWrite), 0, 0x8000'0000'FEC0'011B},
    {"device r", {0xFEC0'0000}, Device(Access::kRead), 0, 0x8000'0000'FEC0'0119},
    {"highest frame",
     {0x000F'FFFF'FFFF'F000},
     Kernel(Access::kReadWrite),
     0,
     0x800F'FFFF'FFFF'F103},
    {"2 MiB kernel rw", {0x4020'0000}, Kernel(Access::kReadWrite), 1, 0x8000'0000'4020'0183},
    {"2 MiB kernel rx", {0x20'0000}, Kernel(Access::kReadExecute), 1, 0x0000'0000'0020'0181},
    {"2 MiB user rw", {0x20'0000}, User(Access::kReadWrite), 1, 0x8000'0000'0020'0087},
    {"2 MiB device", {0xE000'0000}, Device(Access::kReadWrite), 1, 0x8000'0000'E000'019B},
    {"1 GiB kernel rw", {0x1'4000'0000}, Kernel(Access::kReadWrite), 2, 0x8000'0001'4000'0183},
    {"1 GiB user rx", {0x4000'0000}, User(Access::kReadExecute), 2, 0x0000'0000'4000'0085},
};

TEST(X86PagingPolicy, MakesTheManualsLeaves) {
  for (const LeafRow& row : kLeaves) {
    EXPECT_EQ(PagingPolicy::MakeLeaf(row.pa, row.attributes, row.level), row.entry) << row.name;
  }
}

TEST(X86PagingPolicy, ReadsLeavesBack) {
  for (const LeafRow& row : kLeaves) {
    EXPECT_EQ(PagingPolicy::KindOf(row.entry, row.level), EntryKind::kLeaf) << row.name;
    EXPECT_EQ(PagingPolicy::TargetOf(row.entry, row.level), row.pa) << row.name;
    EXPECT_TRUE(PagingPolicy::AttributesOf(row.entry, row.level, {}) == row.attributes) << row.name;
    EXPECT_TRUE(PagingPolicy::Granted(row.attributes) == row.attributes) << row.name;
  }
}

// What no table of the memory manager holds, but those of the start-up code may.
TEST(X86PagingPolicy, ReadsWhatIsWritableAndExecutable) {
  constexpr uint64_t kEntry = 0x0000'0000'0000'1103;
  EXPECT_EQ(PagingPolicy::MakeLeaf(PhysAddr{0x1000}, Kernel(kAll), 0), kEntry);
  EXPECT_TRUE(PagingPolicy::AttributesOf(kEntry, 0, {}) == Kernel(kAll));
  EXPECT_FALSE(PagingPolicy::Granted(Kernel(kAll)).has_value());
}

// Accessed and dirty are the processor's (SDM vol. 3A 4.8) and change nothing that is read back.
TEST(X86PagingPolicy, KeepsAccessedAndDirty) {
  constexpr uint64_t kUsed = 0x8000'0000'0000'1163;  // kernel rw with A and D
  EXPECT_TRUE(PagingPolicy::AttributesOf(kUsed, 0, {}) == Kernel(Access::kReadWrite));
  EXPECT_EQ(PagingPolicy::WithAttributes(kUsed, Kernel(Access::kRead), 0), 0x8000'0000'0000'1161);
}

// Tables 4-15, 4-17, 4-19: present, writable, open to the user only on demand, never XD.
TEST(X86PagingPolicy, MakesTables) {
  for (unsigned level = 1; level < PagingPolicy::kLevelCount; ++level) {
    const uint64_t kernel = PagingPolicy::MakeTable(PhysAddr{0x5000}, Kernel(Access::kRead), level);
    EXPECT_EQ(kernel, 0x5003);
    EXPECT_EQ(PagingPolicy::MakeTable(PhysAddr{0x5000}, User(Access::kRead), level), 0x5007);
    EXPECT_EQ(PagingPolicy::Admit(kernel, Kernel(Access::kReadExecute), level), 0x5003);
    EXPECT_EQ(PagingPolicy::Admit(kernel, User(Access::kReadExecute), level), 0x5007);
    EXPECT_EQ(PagingPolicy::KindOf(kernel, level), EntryKind::kTable);
    EXPECT_EQ(PagingPolicy::TargetOf(0x800F'FFFF'FFFF'F027, level).value, 0x000F'FFFF'FFFF'F000);
  }
}

struct KindRow {
  std::string_view name;
  uint64_t entry;
  unsigned level;
  EntryKind kind;
};

constexpr KindRow kKinds[] = {
    {"zero", 0, 0, EntryKind::kNone},
    {"not present, all other bits set", 0xFFFF'FFFF'FFFF'FFFE, 3, EntryKind::kMark},
    {"not present, with an address", 0x0000'0001'4000'0000, 0, EntryKind::kForeign},
    {"PAT bit of a 4 KiB page", 0x1081, 0, EntryKind::kLeaf},
    {"2 MiB page with PAT", 0x20'1081, 1, EntryKind::kLeaf},
    {"2 MiB page with a reserved address bit", 0x20'2081, 1, EntryKind::kForeign},
    {"1 GiB page with a reserved address bit", 0x4020'0081, 2, EntryKind::kForeign},
    {"PS in a PML4E", 0x1081, 3, EntryKind::kForeign},
    {"PS in a PML5E", 0x1081, 4, EntryKind::kForeign},
    {"table", 0x1003, 1, EntryKind::kTable},
    {"table of 5-level paging", 0x1003, 4, EntryKind::kTable},
};

TEST(X86PagingPolicy, TellsKindsApart) {
  for (const KindRow& row : kKinds) {
    EXPECT_EQ(PagingPolicy::KindOf(row.entry, row.level), row.kind) << row.name;
  }
}

// SDM vol. 3A 4.6.1: a right needs every level, and one XD is enough to forbid execution.
struct InheritRow {
  std::string_view name;
  uint64_t table;
  uint64_t leaf;
  PageAttributes attributes;
};

constexpr InheritRow kInherited[] = {
    {"open table", 0x5007, 0x1007, User(kAll)},
    {"supervisor table over a user page", 0x5003, 0x1007, Kernel(kAll, Scope::kProcess)},
    {"read-only table over a writable page", 0x5005, 0x1007, User(Access::kReadExecute)},
    {"XD table over an executable page", 0x8000'0000'0000'5007, 0x1007, User(Access::kReadWrite)},
};

TEST(X86PagingPolicy, InheritsLimits) {
  for (const InheritRow& row : kInherited) {
    const PagingPolicy::Inherited above = PagingPolicy::Inherit({}, row.table, 1);
    EXPECT_TRUE(PagingPolicy::AttributesOf(row.leaf, 0, above) == row.attributes) << row.name;
    // And the same through another, open, level.
    const PagingPolicy::Inherited twice = PagingPolicy::Inherit(above, 0x6007, 1);
    EXPECT_TRUE(PagingPolicy::AttributesOf(row.leaf, 0, twice) == row.attributes) << row.name;
  }
}

struct GrantRow {
  std::string_view name;
  PageAttributes wanted;
  std::optional<PageAttributes> granted;
};

constexpr PageAttributes Both(Access user, Access kernel) {
  return {.user = user, .kernel = kernel, .caching = Caching::kNormal, .scope = Scope::kProcess};
}

constexpr GrantRow kGrants[] = {
    {"nothing", Both(Access::kNone, Access::kNone), std::nullopt},
    {"write-only", Both(Access::kNone, Access::kWrite), std::nullopt},
    {"execute-only", Both(Access::kExecute, Access::kNone), std::nullopt},
    {"a layout's image", Both(Access::kNone, Access::kImage), std::nullopt},
    {"writable and executable", Kernel(kAll), std::nullopt},
    {"the user's, writable and executable", Both(kAll, Access::kNone), std::nullopt},
    {"user only", Both(Access::kReadWrite, Access::kNone), User(Access::kReadWrite)},
    {"shared", Both(Access::kReadWrite, Access::kReadWrite), User(Access::kReadWrite)},
    {"kernel writes what the user reads", Both(Access::kRead, Access::kReadWrite), std::nullopt},
    {"kernel executes user text", Both(Access::kReadExecute, Access::kReadExecute), std::nullopt},
    {"thread scope",
     {Access::kNone, Access::kRead, Caching::kNormal, Scope::kThread},
     Kernel(Access::kRead, Scope::kProcess)},
    {"executable device", Device(Access::kReadExecute), std::nullopt},
};

TEST(X86PagingPolicy, GrantsWhatItCan) {
  for (const GrantRow& row : kGrants) {
    EXPECT_TRUE(PagingPolicy::Granted(row.wanted) == row.granted) << row.name;
  }
}

struct PartRow {
  std::string_view name;
  uint64_t leaf;
  unsigned level;
  uint64_t index;
  uint64_t part;
};

constexpr PartRow kParts[] = {
    {"1 GiB, first", 0x8000'0000'4000'01E3, 2, 0, 0x8000'0000'4000'01E3},
    {"1 GiB, last", 0x8000'0000'4000'0183, 2, 511, 0x8000'0000'7FE0'0183},
    {"1 GiB with PAT", 0x4000'1083, 2, 1, 0x4020'1083},
    {"2 MiB, first", 0x8000'0000'0020'01E3, 1, 0, 0x8000'0000'0020'0163},
    {"2 MiB, last", 0x0020'0181, 1, 511, 0x003F'F101},
    {"2 MiB with PAT", 0x0020'1083, 1, 1, 0x0020'1083},
};

TEST(X86PagingPolicy, SplitsLeaves) {
  for (const PartRow& row : kParts) {
    EXPECT_EQ(PagingPolicy::PartOf(row.leaf, row.level, row.index), row.part) << row.name;
  }
}

// SDM vol. 3A table 4-2 and 4.1.4: 1-GByte pages only where CPUID has them.
TEST(X86PagingPolicy, KnowsWhichLevelsMapMemory) {
  constexpr PagingPolicy::Features kWith{GigabytePages::kYes};
  constexpr PagingPolicy::Features kWithout{GigabytePages::kNo};
  constexpr bool kExpectedWith[] = {true, true, true, false, false};
  constexpr bool kExpectedWithout[] = {true, true, false, false, false};
  for (unsigned level = 0; level < PagingPolicy::kLevelCount; ++level) {
    EXPECT_EQ(PagingPolicy::MayHoldLeaf(level, kWith), kExpectedWith[level]);
    EXPECT_EQ(PagingPolicy::MayHoldLeaf(level, kWithout), kExpectedWithout[level]);
  }
}

// SDM vol. 3A figures 4-8 to 4-11: which linear-address bits index which table.
TEST(X86PagingPolicy, ShapesItsLevels) {
  constexpr unsigned kShifts[] = {12, 21, 30, 39, 48};
  for (unsigned level = 0; level < PagingPolicy::kLevelCount; ++level) {
    EXPECT_EQ(PagingPolicy::Level(level).shift, kShifts[level]);
    EXPECT_EQ(PagingPolicy::Level(level).index_bits, 9);
    EXPECT_EQ(PagingPolicy::Level(level).table_bytes, 4096);
    EXPECT_EQ(PagingPolicy::Level(level).table_alignment, 4096);
  }
}

}  // namespace
}  // namespace arch::x86_64
