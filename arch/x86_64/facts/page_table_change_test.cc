// Changing page tables of x86_64: TLB work gathered, pages put together again, bits of the owner's.
#include <cstdint>
#include <initializer_list>
#include <new>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using base::Error;
using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;
using mm::TlbBatch;
using mm::TlbReach;
using mm::VirtRange;
using Table = mm::PageTable<PagingPolicy, mm::PageTableArena>;

constexpr PageAttributes kData{Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kConstants{Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kUser{Access::kReadWrite, Access::kReadWrite, Caching::kNormal,
                               Scope::kProcess};
constexpr size_t kSlotsPerTable = 4;
constexpr VirtRange kGigabyte{{0x4000'0000}, 0x4000'0000};
constexpr VirtRange kLarge{{0x20'0000}, 0x20'0000};

constinit mm::PageTableArena g_arena;

Table FreshTable() {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  return *Table::Create(PagingPolicy::kFourLevelRoot, {GigabytePages::kYes}, arena);
}

uint64_t EntryAt(const Table& table, std::initializer_list<unsigned> indices) {
  PhysAddr at = table.root();
  uint64_t entry = 0;
  for (const unsigned index : indices) {
    entry = g_arena.Read<uint64_t>(at, index);
    at = PhysAddr{entry & 0x000F'FFFF'FFFF'F000};
  }
  return entry;
}

TEST(X86PageTableChange, GathersManyUnmapsForOneFlush) {
  Table table = FreshTable();
  for (const uint64_t base : {0x1000, 0x5000, 0x60'0000}) {
    ASSERT_TRUE(table.Map({{base}, 0x2000}, {0x8000}, kUser).has_value());
  }
  const size_t before = g_arena.taken_slots();
  TlbBatch batch(mm::Asid{3});
  for (const uint64_t base : {0x1000, 0x5000, 0x60'0000}) {
    ASSERT_TRUE(table.Unmap({{base}, 0x2000}, batch).has_value());
  }
  EXPECT_EQ(batch.work().stretches.size(), 3u);
  EXPECT_EQ(batch.retired_tables(), 4u);
  EXPECT_EQ(g_arena.taken_slots(), before);  // the processor may still walk them
  EXPECT_EQ(g_arena.invalidations(), 0u);
  EXPECT_TRUE(table.CheckInvariants().has_value());
  batch.Flush(g_arena);
  EXPECT_EQ(g_arena.invalidations(), 1u);
  EXPECT_EQ(g_arena.taken_slots(), kSlotsPerTable);
}

// Pages of three sizes may be cached for the address then.
TEST(X86PageTableChange, ForgetsEachPageItSplits) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map(kGigabyte, {0x8000'0000}, kData).has_value());
  TlbBatch batch;
  ASSERT_TRUE(table.Protect({{0x4020'1000}, 0x1000}, kConstants, batch).has_value());
  const mm::TlbStretch expected[] = {{kGigabyte, 0x4000'0000},
                                     {{{0x4020'0000}, 0x20'0000}, 0x20'0000},
                                     {{{0x4020'1000}, 0x1000}, 0x1000}};
  ASSERT_EQ(batch.work().stretches.size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_TRUE(batch.work().stretches[i] == expected[i]) << i;
  batch.Flush(g_arena);
}

TEST(X86PageTableChange, CountsWhatATableHolds) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map({{0x1000}, 0x3000}, {0x8000}, kData).has_value());
  EXPECT_EQ(EntryAt(table, {0, 0, 0}) >> 52, 3u);
  EXPECT_EQ(EntryAt(table, {0, 0}) >> 52, 1u);
  ASSERT_TRUE(table.Unmap({{0x2000}, 0x1000}).has_value());
  EXPECT_EQ(EntryAt(table, {0, 0, 0}) >> 52, 2u);
  ASSERT_TRUE(table.Map(kLarge, {0x20'0000}, kData).has_value());
  EXPECT_EQ(EntryAt(table, {0, 0}) >> 52, 2u);
  ASSERT_TRUE(table.Unmap({{0x20'0000}, 0x1000}).has_value());
  EXPECT_EQ(EntryAt(table, {0, 0, 1}) >> 52, 511u);
}

// From 1 GiB by one page of other rights to 4 KiB, and back.
TEST(X86PageTableChange, PutsAGigabyteTogetherAgain) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map(kGigabyte, {0x8000'0000}, kData).has_value());
  const uint64_t whole = EntryAt(table, {0, 1});
  const size_t before = g_arena.taken_slots();
  ASSERT_TRUE(table.Protect({{0x4020'1000}, 0x1000}, kConstants).has_value());
  TlbBatch batch;
  ASSERT_TRUE(table.Collapse(kGigabyte, batch).has_value());
  EXPECT_EQ(table.Query({0x4020'1000})->page_bytes, 0x1000u);  // not alike
  ASSERT_TRUE(table.Protect({{0x4020'1000}, 0x1000}, kData).has_value());
  ASSERT_TRUE(table.Collapse({{0x4020'0000}, 0x10'0000}, batch).has_value());
  EXPECT_EQ(table.Query({0x4020'1000})->page_bytes, 0x1000u);  // not the whole block
  ASSERT_TRUE(table.Collapse({{0x4020'0000}, 0x20'0000}, batch).has_value());
  EXPECT_EQ(table.Query({0x4020'1000})->page_bytes, 0x20'0000u);
  ASSERT_TRUE(table.Collapse(kGigabyte, batch).has_value());
  EXPECT_EQ(EntryAt(table, {0, 1}), whole);
  EXPECT_EQ(g_arena.taken_slots(), before);
  EXPECT_TRUE(batch.IsEmpty());
  EXPECT_TRUE(table.CheckInvariants().has_value());
}

// What the processor noted in any part it noted in the whole.
TEST(X86PageTableChange, KeepsNotesWhenItCollapses) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map(kLarge, {0x20'0000}, kData).has_value());
  ASSERT_TRUE(table.Protect({{0x20'5000}, 0x1000}, kConstants).has_value());
  ASSERT_TRUE(table.Protect({{0x20'5000}, 0x1000}, kData).has_value());
  const PhysAddr pages{EntryAt(table, {0, 0, 1}) & 0x000F'FFFF'FFFF'F000};
  static_cast<uint64_t*>(g_arena.Pointer(pages))[7] |= 0x60;
  TlbBatch batch;
  ASSERT_TRUE(table.Collapse(kLarge, batch).has_value());
  EXPECT_EQ(EntryAt(table, {0, 0, 1}), 0x8000'0000'0020'01E3u);
}

TEST(X86PageTableChange, KeepsSpareBits) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map(kLarge, {0x20'0000}, kData).has_value());
  TlbBatch batch;
  ASSERT_TRUE(table.SetSpare(kLarge, 0x2A5, batch).has_value());
  EXPECT_TRUE(batch.IsEmpty());  // no TLB holds them
  ASSERT_TRUE(table.Protect({{0x20'5000}, 0x1000}, kConstants, batch).has_value());
  EXPECT_EQ(table.Query({0x20'4000})->spare, 0x2A5u);
  EXPECT_EQ(table.Query({0x20'5000})->spare, 0x2A5u);
  ASSERT_TRUE(table.SetSpare({{0x20'5000}, 0x1000}, 1, batch).has_value());
  EXPECT_EQ(table.Query({0x20'5000})->spare, 1u);
  EXPECT_EQ(table.Query({0x20'6000})->spare, 0x2A5u);
  EXPECT_TRUE(table.SetSpare(kLarge, Table::kMaxSpare + 1, batch) ==
              base::Result<>(std::unexpected(Error::kInvalidArgument)));
  EXPECT_TRUE(table.SetSpare({{0}, 0x1000}, 1, batch) ==
              base::Result<>(std::unexpected(Error::kNotFound)));
  batch.Flush(g_arena);
}

// A mark is one entry as large as fits, splits like a page, gives way to one, and keeps its table.
TEST(X86PageTableChange, MarksWhatIsNotMapped) {
  Table table = FreshTable();
  TlbBatch batch;
  ASSERT_TRUE(table.Mark(kGigabyte, 0xFFFF'FFFF, batch).has_value());
  EXPECT_EQ(g_arena.taken_slots(), 2 * kSlotsPerTable);
  EXPECT_EQ(table.MarkAt({0x7FFF'FFFF}), 0xFFFF'FFFFu);
  EXPECT_FALSE(table.Query({0x4000'0000}).has_value());
  ASSERT_TRUE(table.Map({{0x4000'1000}, 0x1000}, {0x8000}, kData).has_value());
  EXPECT_EQ(table.MarkAt({0x4000'0000}), 0xFFFF'FFFFu);
  EXPECT_EQ(table.MarkAt({0x4000'1000}), 0u);
  EXPECT_TRUE(table.Mark(kGigabyte, 7, batch) ==
              base::Result<>(std::unexpected(Error::kAlreadyExists)));
  EXPECT_TRUE(table.Mark({{0x4000'1000}, 0x1000}, 0, batch) ==
              base::Result<>(std::unexpected(Error::kAlreadyExists)));
  EXPECT_TRUE(table.Mark(kLarge, Table::kMaxMark + 1, batch) ==
              base::Result<>(std::unexpected(Error::kInvalidArgument)));
  ASSERT_TRUE(table.Mark({{0x4000'2000}, 0x1000}, 0, batch).has_value());
  EXPECT_EQ(table.MarkAt({0x4000'2000}), 0u);
  EXPECT_EQ(table.MarkAt({0x4000'3000}), 0xFFFF'FFFFu);
  EXPECT_TRUE(table.CheckInvariants().has_value());
  ASSERT_TRUE(table.Unmap(kGigabyte, batch).has_value());
  batch.Flush(g_arena);
  EXPECT_EQ(g_arena.taken_slots(), kSlotsPerTable);
}

TEST(X86PageTableChange, ShowsTheMappingsOfARange) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map(kLarge, {0x20'0000}, kData).has_value());
  ASSERT_TRUE(table.Map({{0x40'0000}, 0x2000}, {0x8000}, kData).has_value());
  mm::Mapping seen[4];
  size_t count = 0;
  table.ForEachMapping({{0x30'0000}, 0x10'1000},
                       [&](const mm::Mapping& mapping) { seen[count++] = mapping; });
  ASSERT_EQ(count, 2u);
  EXPECT_TRUE(seen[0].range == (VirtRange{{0x30'0000}, 0x10'0000}));
  EXPECT_TRUE(seen[0].target == PhysAddr{0x30'0000});
  EXPECT_EQ(seen[0].page_bytes, 0x20'0000u);
  EXPECT_TRUE(seen[1].range == (VirtRange{{0x40'0000}, 0x1000}));
}

TEST(X86PageTableChange, NoticesAWrongCount) {
  Table table = FreshTable();
  ASSERT_TRUE(table.Map({{0x1000}, 0x1000}, {0x8000}, kData).has_value());
  ASSERT_TRUE(table.CheckInvariants().has_value());
  static_cast<uint64_t*>(g_arena.Pointer(table.root()))[0] += uint64_t{1} << 52;
  EXPECT_FALSE(table.CheckInvariants().has_value());
}

}  // namespace
}  // namespace arch::x86_64
