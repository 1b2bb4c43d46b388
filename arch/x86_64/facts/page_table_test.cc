// Page tables of x86_64, entry by entry.
#include "kernel/mm/tables/page_table.h"

#include <cstdint>
#include <new>
#include <string_view>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using base::Error;
using mm::Access;
using mm::Caching;
using mm::Mapping;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;
using mm::VirtRange;
using Table = mm::PageTable<PagingPolicy, mm::PageTableArena>;

constexpr PageAttributes kData{Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kConstants{Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal};
constexpr PagingPolicy::Features kGigabytes{GigabytePages::kYes};
constexpr PagingPolicy::Features kNoGigabytes{GigabytePages::kNo};
constexpr size_t kSlotsPerTable = 4;

constinit mm::PageTableArena g_arena;

mm::PageTableArena& FreshArena() { return *new (&g_arena) mm::PageTableArena; }

Table FourLevels(mm::PageTableArena& arena) {
  return *Table::Create(PagingPolicy::kFourLevelRoot, kGigabytes, arena);
}

// Follows table entries from the root by literal indices.
uint64_t EntryAt(const Table& table, std::initializer_list<unsigned> indices) {
  PhysAddr at = table.root();
  uint64_t entry = 0;
  for (const unsigned index : indices) {
    entry = g_arena.Read<uint64_t>(at, index);
    at = PhysAddr{entry & 0x000F'FFFF'FFFF'F000};
  }
  return entry;
}

TEST(X86PageTable, MapsOnePageThroughFourLevels) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  // Indices 0x1FF, 0x1FE, 0x003, 0x005.
  const VirtRange range{{0xFFFF'FFFF'8060'5000}, 0x1000};
  ASSERT_TRUE(table.Map(range, {0x7000}, kData).has_value());
  EXPECT_EQ(EntryAt(table, {0x1FF, 0x1FE, 0x003, 0x005}), 0x8000'0000'0000'7103u);
  EXPECT_EQ(EntryAt(table, {0x1FF}) & 0xFFF, 0x003u);
  EXPECT_EQ(arena.taken_slots(), 4 * kSlotsPerTable);
  EXPECT_TRUE(arena.published() == range);
}

TEST(X86PageTable, MapsThroughFiveLevels) {
  mm::PageTableArena& arena = FreshArena();
  Table table = *Table::Create(PagingPolicy::kFiveLevelRoot, kGigabytes, arena);
  // Canonical with 57 bits only. Indices 0x100, 0, 0, 0, 1.
  ASSERT_TRUE(table.Map({{0xFF00'0000'0000'1000}, 0x1000}, {0x7000}, kData).has_value());
  EXPECT_EQ(EntryAt(table, {0x100, 0, 0, 0, 1}), 0x8000'0000'0000'7103u);
  EXPECT_EQ(arena.taken_slots(), 5 * kSlotsPerTable);
}

// 4 KiB up to a 2 MiB boundary, 2 MiB up to a GiB, a GiB, and down again.
TEST(X86PageTable, UsesTheLargestPagesThatFit) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  const VirtRange range{{0x3FDF'F000}, 0x4040'2000};
  ASSERT_TRUE(table.Map(range, {0x13FDF'F000}, kData).has_value());
  constexpr uint64_t kSizes[] = {0x1000, 0x20'0000, 0x4000'0000, 0x20'0000, 0x1000};
  size_t count = 0;
  uint64_t next = range.base.value;
  table.ForEachMapping([&](const Mapping& mapping) {
    EXPECT_EQ(mapping.range.base.value, next);
    EXPECT_EQ(mapping.target.value, next + 0x1'0000'0000);
    if (count < 5) EXPECT_EQ(mapping.page_bytes, kSizes[count]) << count;
    next += mapping.range.size_bytes;
    ++count;
  });
  EXPECT_EQ(count, 5u);
  EXPECT_EQ(next, range.last().value + 1);
}

struct FitRow {
  std::string_view name;
  VirtRange range;
  PhysAddr target;
  PagingPolicy::Features features;
  uint64_t page_bytes;  // of every page
};

constexpr FitRow kFits[] = {
    {"1 GiB", {{0x4000'0000}, 0x4000'0000}, {0x8000'0000}, kGigabytes, 0x4000'0000},
    {"no 1 GiB pages", {{0x4000'0000}, 0x4000'0000}, {0x8000'0000}, kNoGigabytes, 0x20'0000},
    {"target off by 2 MiB", {{0x4000'0000}, 0x4000'0000}, {0x8020'0000}, kGigabytes, 0x20'0000},
    {"target off by 4 KiB", {{0x4000'0000}, 0x20'0000}, {0x8000'1000}, kGigabytes, 0x1000},
    {"base off by 4 KiB", {{0x4000'1000}, 0x1F'F000}, {0x8000'1000}, kGigabytes, 0x1000},
    {"last GiB of all", {{0xFFFF'FFFF'C000'0000}, 0x4000'0000}, {0}, kGigabytes, 0x4000'0000},
    {"last page of all", {{0xFFFF'FFFF'FFFF'F000}, 0x1000}, {0}, kGigabytes, 0x1000},
};

TEST(X86PageTable, FitsPagesToBaseTargetAndProcessor) {
  for (const FitRow& row : kFits) {
    mm::PageTableArena& arena = FreshArena();
    Table table = *Table::Create(PagingPolicy::kFourLevelRoot, row.features, arena);
    ASSERT_TRUE(table.Map(row.range, row.target, kData).has_value()) << row.name;
    uint64_t pages = 0;
    table.ForEachMapping([&](const Mapping& mapping) {
      EXPECT_EQ(mapping.page_bytes, row.page_bytes) << row.name;
      pages += mapping.range.size_bytes / mapping.page_bytes;
    });
    EXPECT_EQ(pages, row.range.size_bytes / row.page_bytes) << row.name;
    EXPECT_TRUE(table.CheckInvariants().has_value()) << row.name;
  }
}

TEST(X86PageTable, FindsTheRightFrameInsideALargePage) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  ASSERT_TRUE(table.Map({{0x4000'0000}, 0x4000'0000}, {0x1'0000'0000}, kData).has_value());
  EXPECT_TRUE(table.Translate({0x4000'0000}) == PhysAddr{0x1'0000'0000});
  EXPECT_TRUE(table.Translate({0x5234'5678}) == PhysAddr{0x1'1234'5678});
  EXPECT_TRUE(table.Translate({0x7FFF'FFFF}) == PhysAddr{0x1'3FFF'FFFF});
  EXPECT_FALSE(table.Translate({0x8000'0000}).has_value());
  EXPECT_FALSE(table.Translate({0x3FFF'FFFF}).has_value());
  EXPECT_FALSE(table.Translate({0x8000'0000'0000'0000}).has_value());  // not canonical
  const auto page = table.Query({0x5234'5678});
  ASSERT_TRUE(page.has_value());
  EXPECT_TRUE(page->range == (VirtRange{{0x4000'0000}, 0x4000'0000}));
}

struct RefusedRow {
  std::string_view name;
  VirtRange range;
  PhysAddr target;
  PageAttributes attributes;
  Error error;
};

constexpr PageAttributes kNothing{Access::kNone, Access::kNone, Caching::kNormal, Scope::kGlobal};

constexpr RefusedRow kRefused[] = {
    {"empty", {{0x1000}, 0}, {0}, kData, Error::kInvalidArgument},
    {"base inside a page", {{0x1800}, 0x1000}, {0}, kData, Error::kNotAligned},
    {"part of a page", {{0x1000}, 0x1800}, {0}, kData, Error::kNotAligned},
    {"target inside a page", {{0x1000}, 0x1000}, {0x10}, kData, Error::kNotAligned},
    {"not canonical", {{0x8000'0000'0000}, 0x1000}, {0}, kData, Error::kOutOfRange},
    {"into the hole", {{0x7FFF'FFFF'F000}, 0x2000}, {0}, kData, Error::kOutOfRange},
    {"just below the upper half",
     {{0xFFFF'7FFF'FFFF'F000}, 0x1000},
     {0},
     kData,
     Error::kOutOfRange},
    {"past the top", {{0xFFFF'FFFF'FFFF'F000}, 0x2000}, {0}, kData, Error::kOutOfRange},
    {"target beyond 52 bits", {{0x1000}, 0x2000}, {0xF'FFFF'FFFF'F000}, kData, Error::kOutOfRange},
    {"no right", {{0x1000}, 0x1000}, {0}, kNothing, Error::kUnsupported},
    {"mapped", {{0x20'0000}, 0x1000}, {0}, kData, Error::kAlreadyExists},
    {"last page mapped", {{0x1F'F000}, 0x2000}, {0}, kData, Error::kAlreadyExists},
    {"across a mapping", {{0x10'0000}, 0x4000'0000}, {0}, kData, Error::kAlreadyExists},
};

TEST(X86PageTable, RefusesWhatItCannotMap) {
  for (const RefusedRow& row : kRefused) {
    mm::PageTableArena& arena = FreshArena();
    Table table = FourLevels(arena);
    ASSERT_TRUE(table.Map({{0x20'0000}, 0x1000}, {0x5000}, kData).has_value());
    const size_t slots = arena.taken_slots();
    const base::Result<> result = table.Map(row.range, row.target, row.attributes);
    ASSERT_FALSE(result.has_value()) << row.name;
    EXPECT_EQ(result.error(), row.error) << row.name;
    EXPECT_EQ(arena.taken_slots(), slots) << row.name;
  }
}

TEST(X86PageTable, SplitsAGigabyteForOnePage) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  ASSERT_TRUE(table.Map({{0x4000'0000}, 0x4000'0000}, {0x8000'0000}, kData).has_value());
  const VirtRange page{{0x4020'1000}, 0x1000};
  ASSERT_TRUE(table.Protect(page, kConstants).has_value());
  EXPECT_TRUE(arena.invalidated() == page);
  EXPECT_EQ(EntryAt(table, {0, 1, 0}), 0x8000'0000'8000'0183u);
  EXPECT_EQ(EntryAt(table, {0, 1, 1, 0}), 0x8000'0000'8020'0103u);
  EXPECT_EQ(EntryAt(table, {0, 1, 1, 1}), 0x8000'0000'8020'1101u);
  EXPECT_EQ(EntryAt(table, {0, 1, 1, 2}), 0x8000'0000'8020'2103u);
  EXPECT_EQ(EntryAt(table, {0, 1, 511}), 0x8000'0000'BFE0'0183u);
  EXPECT_EQ(arena.taken_slots(), 4 * kSlotsPerTable);  // both ends shared the two new tables
  EXPECT_TRUE(table.CheckInvariants().has_value());
}

TEST(X86PageTable, ProtectsOnlyWhatIsMapped) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  ASSERT_TRUE(table.Map({{0x1000}, 0x2000}, {0x5000}, kData).has_value());
  EXPECT_TRUE(table.Protect({{0x1000}, 0x3000}, kConstants) ==
              base::Result<>(std::unexpected(Error::kNotFound)));
  EXPECT_TRUE(table.Query({0x1000})->attributes == kData);
}

// Accessed and dirty survive a change of rights.
TEST(X86PageTable, KeepsWhatTheProcessorNoted) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  ASSERT_TRUE(table.Map({{0x1000}, 0x1000}, {0x5000}, kData).has_value());
  const PhysAddr last{EntryAt(table, {0, 0, 0}) & 0x000F'FFFF'FFFF'F000};
  static_cast<uint64_t*>(arena.Pointer(last))[1] |= 0x60;
  ASSERT_TRUE(table.Protect({{0x1000}, 0x1000}, kConstants).has_value());
  EXPECT_EQ(EntryAt(table, {0, 0, 0, 1}), 0x8000'0000'0000'5161u);
}

TEST(X86PageTable, FreesEmptyTables) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  ASSERT_TRUE(table.Map({{0x1000}, 0x1000}, {0x5000}, kData).has_value());
  ASSERT_TRUE(table.Map({{0x7FFF'FFFF'F000}, 0x1000}, {0x5000}, kData).has_value());
  EXPECT_EQ(arena.taken_slots(), 7 * kSlotsPerTable);
  ASSERT_TRUE(table.Unmap({{0x1000}, 0x1000}).has_value());
  EXPECT_EQ(arena.taken_slots(), 4 * kSlotsPerTable);
  ASSERT_TRUE(table.Unmap({{0}, 0x8000'0000'0000}).has_value());
  EXPECT_EQ(arena.taken_slots(), kSlotsPerTable);
  table.Release();
  EXPECT_EQ(arena.taken_slots(), 0u);
}

// 16 tables of 4 KiB in the arena: mapping one page in each of 16 places runs out.
TEST(X86PageTable, LeavesThingsAsTheyWereWithoutMemory) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  constexpr uint64_t kStride = uint64_t{1} << 39;
  uint64_t mapped = 0;
  base::Result<> result;
  while (result = table.Map({{mapped * kStride}, 0x1000}, {0x5000}, kData), result) ++mapped;
  EXPECT_EQ(result.error(), Error::kOutOfMemory);
  EXPECT_EQ(mapped, 5u);
  EXPECT_EQ(arena.taken_slots(), 16 * kSlotsPerTable);
  EXPECT_TRUE(table.CheckInvariants().has_value());
  EXPECT_FALSE(table.Query({mapped * kStride}).has_value());
}

TEST(X86PageTable, NoticesWhatItNeverMakes) {
  mm::PageTableArena& arena = FreshArena();
  Table table = FourLevels(arena);
  ASSERT_TRUE(table.Map({{0x20'0000}, 0x20'0000}, {0x20'0000}, kData).has_value());
  ASSERT_TRUE(table.CheckInvariants().has_value());
  const PhysAddr directory{EntryAt(table, {0, 0}) & 0x000F'FFFF'FFFF'F000};
  uint64_t* const entries = static_cast<uint64_t*>(arena.Pointer(directory));
  const uint64_t good = entries[1];
  for (const uint64_t bad : {good | 0x2000, good | 0x8, uint64_t{0}}) {
    entries[1] = bad;  // reserved bit, write-through, an empty table
    EXPECT_FALSE(table.CheckInvariants().has_value()) << bad;
  }
}

}  // namespace
}  // namespace arch::x86_64
