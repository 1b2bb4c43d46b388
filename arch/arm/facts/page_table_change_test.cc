// Changing page tables of ARMv7-A: TLB work gathered, sections put together again, entries that
// break before they are made anew, bits of the owner's.
#include <cstdint>
#include <new>

#include "arch/arm/facts/paging_policy.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::PhysAddr;
using mm::Scope;
using mm::TlbBatch;
using mm::TlbReach;
using mm::VirtRange;

constexpr PageAttributes kData{Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kConstants{Access::kNone, Access::kRead, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kText{Access::kNone, Access::kReadExecute, Caching::kNormal,
                               Scope::kGlobal};
constexpr PageAttributes kDevice{Access::kNone, Access::kReadWrite, Caching::kDevice,
                                 Scope::kGlobal};
constexpr size_t kRootSlots = 16;
constexpr VirtRange kSection{{0x8010'0000}, 0x10'0000};

// Looks at one entry of the first level whenever something is invalidated.
class WatchedArena : public mm::PageTableArena {
 public:
  void Watch(PhysAddr root, uint64_t index) {
    root_ = root;
    index_ = index;
  }
  void Invalidate(const mm::TlbWork& work) {
    seen_ = Read<uint32_t>(root_, index_);
    mm::PageTableArena::Invalidate(work);
  }
  [[nodiscard]] uint32_t seen() const { return seen_; }

 private:
  PhysAddr root_;
  uint64_t index_ = 0;
  uint32_t seen_ = 0;
};

using Table = mm::PageTable<PagingPolicy, WatchedArena>;

constinit WatchedArena g_arena;

// One section.
Table SectionTable() {
  WatchedArena& arena = *new (&g_arena) WatchedArena;
  Table table = *Table::Create(PagingPolicy::Root(0), {}, arena);
  EXPECT_TRUE(table.Map(kSection, {0x4010'0000}, kData).has_value());
  arena.Watch(table.root(), 0x801);
  return table;
}

uint32_t FirstLevel(const Table& table, unsigned index) {
  return g_arena.Read<uint32_t>(table.root(), index);
}

// B3.10.1: absent and forgotten before it is a table.
TEST(ArmPageTableChange, BreaksASectionBeforeItIsSplit) {
  Table table = SectionTable();
  ASSERT_TRUE(table.Protect({{0x8010'8000}, 0x1000}, kConstants).has_value());
  EXPECT_EQ(g_arena.invalidations(), 2u);  // the break, and the page
  EXPECT_EQ(FirstLevel(table, 0x801) & 0b11, 0b01u);
}

TEST(ArmPageTableChange, IsAbsentWhileItBreaks) {
  Table table = SectionTable();
  TlbBatch batch;
  ASSERT_TRUE(table.SetSpare({{0x8010'8000}, 0x1000}, 1, batch).has_value());
  EXPECT_EQ(g_arena.invalidations(), 1u);
  EXPECT_EQ(g_arena.seen() & 0b11, 0u);
  ASSERT_TRUE(table.SetSpare({{0x8010'8000}, 0x1000}, 0, batch).has_value());
  ASSERT_TRUE(table.Collapse(kSection, batch).has_value());
  EXPECT_EQ(g_arena.invalidations(), 2u);
  EXPECT_EQ(g_arena.seen() & 0b11, 0u);
  EXPECT_EQ(FirstLevel(table, 0x801), 0x4011'141Fu);
  EXPECT_TRUE(batch.IsEmpty());
}

// A change of rights needs no break, one of the memory type does.
TEST(ArmPageTableChange, BreaksWhatChangesItsMemoryType) {
  Table table = SectionTable();
  TlbBatch batch;
  ASSERT_TRUE(table.Protect(kSection, kConstants, batch).has_value());
  EXPECT_EQ(g_arena.invalidations(), 0u);
  EXPECT_TRUE(batch.work().reach == TlbReach::kEverything);  // 256 pages
  batch.Flush(g_arena);
  ASSERT_TRUE(table.Protect(kSection, kDevice, batch).has_value());
  EXPECT_EQ(g_arena.invalidations(), 2u);
  EXPECT_EQ(g_arena.seen() & 0b11, 0u);
  EXPECT_EQ(FirstLevel(table, 0x801), 0x4010'0417u);
  EXPECT_TRUE(batch.IsEmpty());
}

TEST(ArmPageTableChange, PutsASectionTogetherAgain) {
  Table table = SectionTable();
  ASSERT_TRUE(table.Protect({{0x8010'8000}, 0x1000}, kText).has_value());
  EXPECT_EQ(g_arena.taken_slots(), kRootSlots + 1);
  TlbBatch batch;
  ASSERT_TRUE(table.Collapse(kSection, batch).has_value());
  EXPECT_EQ(table.Query({0x8010'8000})->page_bytes, 0x1000u);  // not alike
  ASSERT_TRUE(table.Protect({{0x8010'8000}, 0x1000}, kData).has_value());
  ASSERT_TRUE(table.Collapse(kSection, batch).has_value());
  EXPECT_EQ(FirstLevel(table, 0x801), 0x4011'141Fu);
  EXPECT_EQ(g_arena.taken_slots(), kRootSlots);
}

TEST(ArmPageTableChange, KeepsSpareBitsAndMarks) {
  Table table = SectionTable();
  TlbBatch batch;
  ASSERT_TRUE(table.SetSpare(kSection, 3, batch).has_value());
  EXPECT_EQ(FirstLevel(table, 0x801), 0x4011'741Fu);
  ASSERT_TRUE(table.Unmap({{0x8010'8000}, 0x1000}, batch).has_value());
  EXPECT_EQ(table.Query({0x8010'7000})->spare, 3u);
  ASSERT_TRUE(table.Mark({{0x8010'8000}, 0x1000}, 0x3FFF'FFFF, batch).has_value());
  EXPECT_EQ(table.MarkAt({0x8010'8FFF}), 0x3FFF'FFFFu);
  EXPECT_FALSE(table.Query({0x8010'8000}).has_value());
  // The rest goes; the mark alone keeps the table.
  ASSERT_TRUE(table.Unmap({{0x8010'0000}, 0x8000}, batch).has_value());
  ASSERT_TRUE(table.Unmap({{0x8010'9000}, 0xF'7000}, batch).has_value());
  batch.Flush(g_arena);
  EXPECT_EQ(g_arena.taken_slots(), kRootSlots + 1);
  EXPECT_TRUE(table.CheckInvariants().has_value());
  ASSERT_TRUE(table.Mark({{0x8010'8000}, 0x1000}, 0, batch).has_value());
  batch.Flush(g_arena);
  EXPECT_EQ(g_arena.taken_slots(), kRootSlots);
}

// A table is found empty wherever its last pages are.
TEST(ArmPageTableChange, FreesEmptyTablesInAnyOrder) {
  constexpr uint64_t kBase = 0x8020'0000;
  constexpr unsigned kOrders[][3] = {{0, 128, 255}, {255, 128, 0}, {128, 0, 255}, {0, 255, 128}};
  for (const auto& order : kOrders) {
    Table table = SectionTable();
    for (const unsigned page : order) {
      ASSERT_TRUE(table.Map({{kBase + page * 0x1000}, 0x1000}, {0x5000}, kData).has_value());
    }
    for (const unsigned page : order) {
      EXPECT_EQ(g_arena.taken_slots(), kRootSlots + 1);
      ASSERT_TRUE(table.Unmap({{kBase + page * 0x1000}, 0x1000}).has_value());
    }
    EXPECT_EQ(g_arena.taken_slots(), kRootSlots);
  }
}

}  // namespace
}  // namespace arch::arm
