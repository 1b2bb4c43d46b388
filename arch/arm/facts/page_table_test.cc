// Page tables of ARMv7-A, entry by entry.
#include "kernel/mm/tables/page_table.h"

#include <cstdint>
#include <new>
#include <string_view>

#include "arch/arm/facts/paging_policy.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

using base::Error;
using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;
using mm::VirtRange;
using Table = mm::PageTable<PagingPolicy, mm::PageTableArena>;

constexpr PageAttributes kData{Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kText{Access::kNone, Access::kReadExecute, Caching::kNormal,
                               Scope::kGlobal};
constexpr PageAttributes kDevice{Access::kNone, Access::kReadWrite, Caching::kDevice,
                                 Scope::kGlobal};
constexpr PageAttributes kUserText{Access::kReadExecute, Access::kRead, Caching::kNormal,
                                   Scope::kProcess};
constexpr PageAttributes kUserData{Access::kReadWrite, Access::kReadWrite, Caching::kNormal,
                                   Scope::kProcess};
constexpr PageAttributes kSharedText{Access::kReadExecute, Access::kReadExecute, Caching::kNormal,
                                     Scope::kProcess};
constexpr size_t kRootSlots = 16;

constinit mm::PageTableArena g_arena;

mm::PageTableArena& FreshArena() { return *new (&g_arena) mm::PageTableArena; }

Table WholeTable(mm::PageTableArena& arena) {
  return *Table::Create(PagingPolicy::Root(0), {}, arena);
}

uint32_t FirstLevel(const Table& table, unsigned index) {
  return g_arena.Read<uint32_t>(table.root(), index);
}
uint32_t SecondLevel(const Table& table, unsigned first, unsigned second) {
  return g_arena.Read<uint32_t>(PhysAddr{FirstLevel(table, first) & 0xFFFF'FC00}, second);
}

TEST(ArmPageTable, MapsSectionsAndSmallPages) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  // The last 4 KiB below a section, a section, the first 4 KiB above it.
  ASSERT_TRUE(table.Map({{0x800F'F000}, 0x10'2000}, {0x400F'F000}, kData).has_value());
  EXPECT_EQ(SecondLevel(table, 0x800, 0xFF), 0x400F'F45Fu);
  EXPECT_EQ(FirstLevel(table, 0x801), 0x4011'141Fu);
  EXPECT_EQ(SecondLevel(table, 0x802, 0x00), 0x4020'045Fu);
  // Second-level tables are 1 KiB each: two slots beside the root's sixteen.
  EXPECT_EQ(arena.taken_slots(), kRootSlots + 2);
  EXPECT_TRUE(table.CheckInvariants().has_value());
}

TEST(ArmPageTable, MapsTheLastPageOfAll) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map({{0xFFFF'F000}, 0x1000}, {0x0900'0000}, kDevice).has_value());
  EXPECT_EQ(SecondLevel(table, 0xFFF, 0xFF), 0x0900'0017u);
  EXPECT_TRUE(table.Translate({0xFFFF'FFFF}) == PhysAddr{0x0900'0FFF});
  ASSERT_TRUE(table.Unmap({{0xFFF0'0000}, 0x10'0000}).has_value());
  EXPECT_EQ(FirstLevel(table, 0xFFF), 0u);
  EXPECT_EQ(arena.taken_slots(), kRootSlots);
}

TEST(ArmPageTable, FindsTheRightFrameInsideASection) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map({{0x8010'0000}, 0x10'0000}, {0x4230'0000}, kData).has_value());
  EXPECT_EQ(arena.taken_slots(), kRootSlots);
  EXPECT_TRUE(table.Translate({0x8010'0000}) == PhysAddr{0x4230'0000});
  EXPECT_TRUE(table.Translate({0x8014'5678}) == PhysAddr{0x4234'5678});
  EXPECT_TRUE(table.Translate({0x801F'FFFF}) == PhysAddr{0x423F'FFFF});
  EXPECT_FALSE(table.Translate({0x8020'0000}).has_value());
  EXPECT_FALSE(table.Translate({0x800F'FFFF}).has_value());
  EXPECT_FALSE(table.Translate({0x1'8014'5678}).has_value());  // beyond 32 bits
  const auto page = table.Query({0x8014'5678});
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(page->range == (VirtRange{{0x8010'0000}, 0x10'0000}));
  EXPECT_TRUE(page->target == PhysAddr{0x4230'0000});
}

struct Part {
  VirtRange range;
  PhysAddr target;
  PageAttributes attributes;
};

struct RunRow {
  std::string_view name;
  Part first;
  Part second;
  size_t mappings;
};

constexpr RunRow kRuns[] = {
    {"two sections that continue each other",
     {{{0x8000'0000}, 0x10'0000}, {0x4000'0000}, kData},
     {{{0x8010'0000}, 0x10'0000}, {0x4010'0000}, kData},
     1},
    {"small pages of two tables that do",
     {{{0x800F'F000}, 0x1000}, {0x400F'F000}, kData},
     {{{0x8010'0000}, 0x1000}, {0x4010'0000}, kData},
     1},
    {"other memory",
     {{{0x8000'0000}, 0x10'0000}, {0x4000'0000}, kData},
     {{{0x8010'0000}, 0x10'0000}, {0x4020'0000}, kData},
     2},
    {"other rights",
     {{{0x8000'0000}, 0x10'0000}, {0x4000'0000}, kData},
     {{{0x8010'0000}, 0x10'0000}, {0x4010'0000}, kText},
     2},
    {"a gap between them",
     {{{0x8000'0000}, 0x10'0000}, {0x4000'0000}, kData},
     {{{0x8020'0000}, 0x10'0000}, {0x4010'0000}, kData},
     2},
    {"a section and a small page",
     {{{0x8000'0000}, 0x10'0000}, {0x4000'0000}, kData},
     {{{0x8010'0000}, 0x1000}, {0x4010'0000}, kData},
     2},
    {"the last section of physical memory and the first",
     {{{0x8000'0000}, 0x10'0000}, {0xFFF0'0000}, kData},
     {{{0x8010'0000}, 0x10'0000}, {0}, kData},
     2},
};

TEST(ArmPageTable, ReportsPagesThatContinueEachOtherAsOne) {
  for (const RunRow& row : kRuns) {
    mm::PageTableArena& arena = FreshArena();
    Table table = WholeTable(arena);
    for (const Part& part : {row.first, row.second}) {
      ASSERT_TRUE(table.Map(part.range, part.target, part.attributes).has_value()) << row.name;
    }
    size_t mappings = 0;
    uint64_t bytes = 0;
    table.ForEachMapping([&](const mm::Mapping& mapping) {
      if (mappings == 0) EXPECT_TRUE(mapping.target == row.first.target) << row.name;
      bytes += mapping.range.size_bytes;
      ++mappings;
    });
    EXPECT_EQ(mappings, row.mappings) << row.name;
    EXPECT_EQ(bytes, row.first.range.size_bytes + row.second.range.size_bytes) << row.name;
  }
}

// One page of code clears PXN of its table, which its neighbours, with XN, do not notice.
TEST(ArmPageTable, AdmitsKernelCodeOnDemand) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map({{0x8000'0000}, 0x1000}, {0x4000'0000}, kData).has_value());
  EXPECT_EQ(FirstLevel(table, 0x800) & 0x3FF, 0x005u);
  EXPECT_EQ(arena.invalidations(), 0u);
  ASSERT_TRUE(table.Map({{0x8000'1000}, 0x1000}, {0x4000'1000}, kText).has_value());
  EXPECT_EQ(FirstLevel(table, 0x800) & 0x3FF, 0x001u);
  EXPECT_EQ(arena.invalidations(), 1u);  // of the table as it was
  EXPECT_TRUE(arena.invalidated() == (VirtRange{{0x8000'1000}, 0x1000}));
  EXPECT_TRUE(table.Query({0x8000'0000})->attributes == kData);
  EXPECT_TRUE(table.Query({0x8000'1000})->attributes == kText);
}

// Small pages of one MiB have PXN and the domain from one entry.
struct NeighbourRow {
  std::string_view name;
  PageAttributes there;
  PageAttributes wanted;
  bool fit;
};

constexpr NeighbourRow kNeighbours[] = {
    {"kernel data, kernel code", kData, kText, true},
    {"kernel code, kernel data", kText, kData, true},
    {"user data, user code", kUserData, kUserText, true},
    {"user code, user data", kUserText, kUserData, true},
    {"user data, shared code", kUserData, kSharedText, true},
    {"kernel data, user data", kData, kUserData, false},
    {"user data, kernel data", kUserData, kData, false},
    {"a device, user data", kDevice, kUserData, false},
    {"user code, shared code", kUserText, kSharedText, false},
    {"shared code, user code", kSharedText, kUserText, false},
    {"user code, kernel code", kUserText, kText, false},
    {"kernel code, user code", kText, kUserText, false},
};

constexpr VirtRange kThere{{0x1'0000}, 0x1000};
constexpr VirtRange kBeside{{0x2'0000}, 0x1000};

// Whether an operation succeeded, or failed for this reason, as the row says.
bool IsAs(const NeighbourRow& row, const base::Result<>& result) {
  return result.has_value() ? row.fit : !row.fit && result.error() == Error::kUnsupported;
}

TEST(ArmPageTable, MapsOnlyWhatFitsItsNeighbours) {
  for (const NeighbourRow& row : kNeighbours) {
    mm::PageTableArena& arena = FreshArena();
    Table table = WholeTable(arena);
    ASSERT_TRUE(table.Map(kThere, {0x4000'0000}, row.there).has_value()) << row.name;
    const uint32_t before = FirstLevel(table, 0);
    EXPECT_TRUE(IsAs(row, table.Map(kBeside, {0x4000'1000}, row.wanted))) << row.name;
    EXPECT_TRUE(table.Query(kThere.base)->attributes == row.there) << row.name;
    EXPECT_TRUE(table.CheckInvariants().has_value()) << row.name;
    if (row.fit) continue;
    EXPECT_EQ(FirstLevel(table, 0), before) << row.name;
    EXPECT_EQ(arena.invalidations(), 0u) << row.name;
    EXPECT_FALSE(table.Query(kBeside.base).has_value()) << row.name;
    // The next MiB has a table of its own.
    EXPECT_TRUE(table.Map({{0x10'0000}, 0x1000}, {0x4000'1000}, row.wanted).has_value());
  }
}

// When the last page that needs it clear has gone.
TEST(ArmPageTable, SetsPrivilegedExecuteNeverAgain) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map(kThere, {0x4000'0000}, kUserData).has_value());
  ASSERT_TRUE(table.Map(kBeside, {0x4000'1000}, kSharedText).has_value());
  EXPECT_EQ(FirstLevel(table, 0) & 0x4, 0x0u);
  ASSERT_TRUE(table.Unmap(kBeside).has_value());
  ASSERT_TRUE(table.Map(kBeside, {0x4000'1000}, kUserText).has_value());
  EXPECT_EQ(FirstLevel(table, 0) & 0x4, 0x4u);
  EXPECT_TRUE(table.Query(kBeside.base)->attributes == kUserText);
  EXPECT_TRUE(table.Query(kThere.base)->attributes == kUserData);
}

TEST(ArmPageTable, ProtectsOnlyWhatFitsItsNeighbours) {
  for (const NeighbourRow& row : kNeighbours) {
    mm::PageTableArena& arena = FreshArena();
    Table table = WholeTable(arena);
    ASSERT_TRUE(table.Map(kThere, {0x4000'0000}, row.there).has_value());
    ASSERT_TRUE(table.Map(kBeside, {0x4000'1000}, row.there).has_value());
    EXPECT_TRUE(IsAs(row, table.Protect(kBeside, row.wanted))) << row.name;
    EXPECT_TRUE(table.Query(kThere.base)->attributes == row.there) << row.name;
    EXPECT_TRUE(table.Query(kBeside.base)->attributes == (row.fit ? row.wanted : row.there));
    EXPECT_TRUE(table.CheckInvariants().has_value()) << row.name;
    // A part of a section is not split for nothing.
    ASSERT_TRUE(table.Map({{0x10'0000}, 0x10'0000}, {0x4010'0000}, row.there).has_value());
    const size_t slots = arena.taken_slots();
    EXPECT_TRUE(IsAs(row, table.Protect({{0x11'0000}, 0x1000}, row.wanted))) << row.name;
    EXPECT_EQ(arena.taken_slots(), row.fit ? slots + 1 : slots) << row.name;
    EXPECT_TRUE(table.Query({0x10'0000})->attributes == row.there) << row.name;
    // Nothing stays as it was.
    ASSERT_TRUE(table.Protect({{0x10'0000}, 0x10'0000}, row.wanted).has_value()) << row.name;
    EXPECT_TRUE(table.Query({0x11'0000})->attributes == row.wanted) << row.name;
    EXPECT_TRUE(table.CheckInvariants().has_value()) << row.name;
  }
}

TEST(ArmPageTable, MovesATableToTheOtherDomain) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  mm::TlbBatch batch;
  ASSERT_TRUE(table.Mark(kThere, 7, batch).has_value());  // marks are in no domain
  ASSERT_TRUE(table.Map(kBeside, {0x4000'1000}, kData).has_value());
  EXPECT_EQ(FirstLevel(table, 0) & 0x1E0, 0x000u);
  ASSERT_TRUE(table.Protect(kBeside, kUserData).has_value());
  EXPECT_EQ(FirstLevel(table, 0) & 0x1E0, 0x020u);
  ASSERT_TRUE(table.Unmap(kBeside).has_value());
  ASSERT_TRUE(table.Map(kThere, {0x4000'0000}, kData).has_value());
  EXPECT_EQ(FirstLevel(table, 0) & 0x1E0, 0x000u);
  EXPECT_TRUE(table.Query(kThere.base)->attributes == kData);
}

// Nothing but PXN of the table tells the two apart, yet the pages must be forgotten.
TEST(ArmPageTable, ForgetsPagesThatChangeWithTheirTable) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map(kThere, {0x4000'0000}, kSharedText).has_value());
  const uint32_t page = SecondLevel(table, 0, 0x10);
  mm::TlbBatch batch;
  ASSERT_TRUE(table.Protect(kThere, kUserText, batch).has_value());
  EXPECT_EQ(SecondLevel(table, 0, 0x10), page);
  EXPECT_FALSE(batch.IsEmpty());
  batch.Flush(arena);
  EXPECT_TRUE(arena.invalidated() == kThere);
  EXPECT_TRUE(table.Query(kThere.base)->attributes == kUserText);
}

TEST(ArmPageTable, SplitsASection) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map({{0x8010'0000}, 0x10'0000}, {0x4010'0000}, kData).has_value());
  ASSERT_TRUE(table.Unmap({{0x8010'8000}, 0x1000}).has_value());
  EXPECT_EQ(SecondLevel(table, 0x801, 0x00), 0x4010'045Fu);
  EXPECT_EQ(SecondLevel(table, 0x801, 0x07), 0x4010'745Fu);
  EXPECT_EQ(SecondLevel(table, 0x801, 0x08), 0u);
  EXPECT_EQ(SecondLevel(table, 0x801, 0x09), 0x4010'945Fu);
  EXPECT_EQ(SecondLevel(table, 0x801, 0xFF), 0x401F'F45Fu);
  EXPECT_EQ(arena.taken_slots(), kRootSlots + 1);
}

struct RangeRow {
  std::string_view name;
  unsigned n;  // TTBCR.N
  VirtRange range;
  PhysAddr target;
  Error error;
};

constexpr RangeRow kRefused[] = {
    {"above 4 GiB", 0, {{0x1'0000'0000}, 0x1000}, {0}, Error::kOutOfRange},
    {"across 4 GiB", 0, {{0xFFFF'F000}, 0x2000}, {0}, Error::kOutOfRange},
    {"above what N = 1 leaves", 1, {{0x8000'0000}, 0x1000}, {0}, Error::kOutOfRange},
    {"across what N = 7 leaves", 7, {{0x01FF'F000}, 0x2000}, {0}, Error::kOutOfRange},
    {"target above 4 GiB", 0, {{0x1000}, 0x1000}, {0x1'0000'0000}, Error::kOutOfRange},
    {"target across 4 GiB", 0, {{0x1000}, 0x2000}, {0xFFFF'F000}, Error::kOutOfRange},
};

TEST(ArmPageTable, RefusesAddressesItDoesNotTranslate) {
  for (const RangeRow& row : kRefused) {
    mm::PageTableArena& arena = FreshArena();
    Table table = *Table::Create(PagingPolicy::Root(row.n), {}, arena);
    const base::Result<> result = table.Map(row.range, row.target, kData);
    ASSERT_FALSE(result.has_value()) << row.name;
    EXPECT_EQ(result.error(), row.error) << row.name;
  }
}

// 16 KiB >> N.
TEST(ArmPageTable, SizesItsRoot) {
  constexpr size_t kSlots[] = {16, 8, 4, 2, 1, 1, 1, 1};
  for (unsigned n = 0; n < 8; ++n) {
    mm::PageTableArena& arena = FreshArena();
    Table table = *Table::Create(PagingPolicy::Root(n), {}, arena);
    EXPECT_EQ(arena.taken_slots(), kSlots[n]) << n;
    const uint64_t limit = uint64_t{1} << (32 - n);
    EXPECT_TRUE(table.Map({{limit - 0x1000}, 0x1000}, {0x4000'0000}, kData).has_value()) << n;
    table.Release();
    EXPECT_EQ(arena.taken_slots(), 0u) << n;
  }
}

TEST(ArmPageTable, NoticesWhatItNeverMakes) {
  mm::PageTableArena& arena = FreshArena();
  Table table = WholeTable(arena);
  ASSERT_TRUE(table.Map({{0x8010'0000}, 0x10'0000}, {0x4010'0000}, kData).has_value());
  ASSERT_TRUE(table.CheckInvariants().has_value());
  uint32_t* const entries = static_cast<uint32_t*>(arena.Pointer(table.root()));
  const uint32_t good = entries[0x801];
  for (const uint32_t bad : {good | 0x4'0000, good | 0x20, good & ~uint32_t{0x4}}) {
    entries[0x801] = bad;  // supersection, domain 1, write-through
    EXPECT_FALSE(table.CheckInvariants().has_value()) << bad;
  }
  entries[0x801] = good;
  ASSERT_TRUE(table.Map({{0x8020'0000}, 0x1000}, {0x4020'0000}, kData).has_value());
  ASSERT_TRUE(table.CheckInvariants().has_value());
  entries[0x802] ^= 0x20;  // the kernel's page in the user's domain
  EXPECT_FALSE(table.CheckInvariants().has_value());
}

}  // namespace
}  // namespace arch::arm
