// Tables of x86_64 that have entries in common, of the root or below it. Entries count what is
// below them, which only the owner's own do.
#include <cstdint>
#include <new>
#include <string_view>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::Scope;
using mm::VirtRange;
using Table = mm::PageTable<PagingPolicy, mm::PageTableArena>;

constexpr PageAttributes kData{Access::kNone, Access::kReadWrite, Caching::kNormal, Scope::kGlobal};
constexpr PageAttributes kUserData{Access::kReadWrite, Access::kReadWrite, Caching::kNormal,
                                   Scope::kProcess};

// The last two entries of the root, of which the lower one is empty at first.
constexpr VirtRange kKernel{{0xFFFF'FF00'0000'0000}, 0x100'0000'0000};
constexpr VirtRange kPage{{0xFFFF'FFFF'8000'0000}, 0x1000};
constexpr VirtRange kLowPage{{0xFFFF'FF00'0000'0000}, 0x1000};
constexpr VirtRange kHighPage{{0xFFFF'FFFF'FFFF'F000}, 0x1000};
constexpr VirtRange kUser{{0x40'0000}, 0x1000};

constinit mm::PageTableArena g_arena;

TEST(X86SharedEntries, OneKernelInTwoTables) {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  Table kernel = *Table::Create(PagingPolicy::kFourLevelRoot, {}, arena);
  ASSERT_TRUE(kernel.Map(kPage, {0x10'0000}, kData).has_value());
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 3).has_value());
  ASSERT_TRUE(kernel.CheckInvariants().has_value());
  Table context = *Table::Create(PagingPolicy::kFourLevelRoot, {}, arena);
  ASSERT_TRUE(context.BorrowEntries(kernel).has_value());
  ASSERT_TRUE(context.Map(kUser, {0x20'0000}, kUserData).has_value());
  // Counted by the kernel, seen by both.
  ASSERT_TRUE(kernel.Map(kLowPage, {0x30'0000}, kData).has_value());
  EXPECT_EQ(context.Translate(kLowPage.base)->value, 0x30'0000u);
  EXPECT_TRUE(kernel.CheckInvariants().has_value());
  EXPECT_TRUE(context.CheckInvariants().has_value());
  // User mode would be let through by the owner's entry alone.
  EXPECT_EQ(kernel.Map(kHighPage, {0x30'0000}, kUserData).error(), base::Error::kUnsupported);
  ASSERT_TRUE(kernel.Unmap(kLowPage).has_value());
  ASSERT_TRUE(kernel.Unmap(kPage).has_value());
  EXPECT_FALSE(context.Translate(kPage.base).has_value());
  EXPECT_TRUE(kernel.CheckInvariants().has_value());
  EXPECT_TRUE(context.CheckInvariants().has_value());
  context.Release();
  EXPECT_TRUE(kernel.CheckInvariants().has_value());
  kernel.Release();
  EXPECT_EQ(arena.taken_slots(), 0u);
}

// A layout whose kernel's rows and a process's lie under one entry of the root.
struct BelowRow {
  std::string_view name;
  mm::RootShape root;
  unsigned level;         // of the common entries
  VirtRange kernel;       // whole entries
  VirtRange kernel_page;  // mapped before they are shared
  VirtRange user_page;    // under the same entry of the root
  uint64_t path_tables;   // of the context's own
};

constexpr BelowRow kBelow[] = {
    {"32-bit addresses",
     PagingPolicy::kFourLevelRoot,
     2,
     {{0xC000'0000}, 0x4000'0000},
     {{0xC010'0000}, 0x1000},
     {{0x40'0000}, 0x1000},
     1},
    {"the last GiBs of four levels",
     PagingPolicy::kFourLevelRoot,
     2,
     {{0xFFFF'FFFF'0000'0000}, 0x1'0000'0000},
     {{0xFFFF'FFFF'8000'0000}, 0x1000},
     {{0xFFFF'FFFE'FFFF'F000}, 0x1000},
     1},
    {"the last GiBs of five levels",
     PagingPolicy::kFiveLevelRoot,
     2,
     {{0xFFFF'FFFF'0000'0000}, 0x1'0000'0000},
     {{0xFFFF'FFFF'8000'0000}, 0x1000},
     {{0xFFFF'FFFE'FFFF'F000}, 0x1000},
     2},
    {"single MiBs",
     PagingPolicy::kFourLevelRoot,
     1,
     {{0xFFFF'FFFF'FFC0'0000}, 0x40'0000},
     {{0xFFFF'FFFF'FFE0'0000}, 0x1000},
     {{0xFFFF'FFFF'FFBF'F000}, 0x1000},
     2},
};

TEST(X86SharedEntries, BelowTheRoot) {
  for (const BelowRow& row : kBelow) {
    mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
    constexpr size_t kTableSlots = 4096 / mm::PageTableArena::kSlotBytes;
    Table kernel = *Table::Create(row.root, {}, arena);
    ASSERT_TRUE(kernel.Map(row.kernel_page, {0x10'0000}, kData).has_value()) << row.name;
    ASSERT_TRUE(kernel.ShareEntries(row.kernel, row.level).has_value()) << row.name;
    EXPECT_EQ(kernel.common(), row.kernel) << row.name;
    ASSERT_TRUE(kernel.CheckInvariants().has_value()) << row.name;
    const size_t kernel_slots = arena.taken_slots();
    Table context = *Table::Create(row.root, {}, arena);
    ASSERT_TRUE(context.BorrowEntries(kernel).has_value()) << row.name;
    EXPECT_EQ(arena.taken_slots(), kernel_slots + (1 + row.path_tables) * kTableSlots) << row.name;
    ASSERT_TRUE(context.CheckInvariants().has_value()) << row.name;
    // What the kernel maps later is seen by both, what the context maps by itself alone.
    ASSERT_TRUE(kernel.Map({row.kernel.base, 0x1000}, {0x30'0000}, kData).has_value()) << row.name;
    EXPECT_EQ(context.Translate(row.kernel.base)->value, 0x30'0000u) << row.name;
    ASSERT_TRUE(context.Map(row.user_page, {0x20'0000}, kUserData).has_value()) << row.name;
    EXPECT_EQ(context.Query(row.user_page.base)->attributes, kUserData) << row.name;
    EXPECT_EQ(context.Query(row.kernel.base)->attributes, kData) << row.name;
    EXPECT_FALSE(kernel.Translate(row.user_page.base).has_value()) << row.name;
    EXPECT_EQ(context.Map({row.kernel.base, 0x1000}, {0x20'0000}, kUserData).error(),
              base::Error::kOutOfRange)
        << row.name;
    EXPECT_TRUE(kernel.CheckInvariants().has_value()) << row.name;
    EXPECT_TRUE(context.CheckInvariants().has_value()) << row.name;
    EXPECT_TRUE(Table(row.root, context.root(), kernel).CheckInvariants().has_value()) << row.name;
    // No table of the kernel's goes, nor the context's way to them.
    ASSERT_TRUE(kernel.Unmap(row.kernel_page).has_value()) << row.name;
    ASSERT_TRUE(kernel.Unmap({row.kernel.base, 0x1000}).has_value()) << row.name;
    ASSERT_TRUE(context.Unmap(row.user_page).has_value()) << row.name;
    EXPECT_TRUE(kernel.CheckInvariants().has_value()) << row.name;
    EXPECT_TRUE(context.CheckInvariants().has_value()) << row.name;
    ASSERT_TRUE(kernel.Map(row.kernel_page, {0x10'0000}, kData).has_value()) << row.name;
    EXPECT_EQ(context.Translate(row.kernel_page.base)->value, 0x10'0000u) << row.name;
    context.Release();
    EXPECT_TRUE(kernel.CheckInvariants().has_value()) << row.name;
    kernel.Release();
    EXPECT_EQ(arena.taken_slots(), 0u) << row.name;
  }
}

// Of the four entries two are of what is complete, and one of those is empty: contexts count the
// others.
TEST(X86SharedEntries, WhatIsCompleteGetsNoTables) {
  const BelowRow& row = kBelow[2];
  constexpr uint64_t kEntryBytes = 0x4000'0000;
  constexpr size_t kTableSlots = 4096 / mm::PageTableArena::kSlotBytes;
  const VirtRange complete{row.kernel.base + kEntryBytes, 2 * kEntryBytes};
  const VirtRange empty{complete.base, 0x1000};
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  Table kernel = *Table::Create(row.root, {}, arena);
  ASSERT_TRUE(kernel.Map(row.kernel_page, {0x10'0000}, kData).has_value());
  const size_t before = arena.taken_slots();
  ASSERT_TRUE(kernel.ShareEntries(row.kernel, row.level, complete).has_value());
  EXPECT_EQ(arena.taken_slots(), before + 2 * kTableSlots);
  ASSERT_TRUE(kernel.CheckInvariants().has_value());
  Table context = *Table::Create(row.root, {}, arena);
  ASSERT_TRUE(context.BorrowEntries(kernel).has_value());
  ASSERT_TRUE(context.CheckInvariants().has_value());
  EXPECT_EQ(kernel.Map(empty, {0x30'0000}, kData).error(), base::Error::kUnsupported);
  ASSERT_TRUE(kernel.Map({row.kernel.base, 0x1000}, {0x30'0000}, kData).has_value());
  EXPECT_EQ(context.Translate(row.kernel.base)->value, 0x30'0000u);
  ASSERT_TRUE(context.Map(row.user_page, {0x20'0000}, kUserData).has_value());
  ASSERT_TRUE(context.Unmap(row.user_page).has_value());
  EXPECT_TRUE(kernel.CheckInvariants().has_value());
  EXPECT_TRUE(context.CheckInvariants().has_value());
  context.Release();
  kernel.Release();
  EXPECT_EQ(arena.taken_slots(), 0u);
}

TEST(X86SharedEntries, MemoryEndsOnTheWay) {
  const BelowRow& row = kBelow[2];
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  Table kernel = *Table::Create(row.root, {}, arena);
  ASSERT_TRUE(kernel.Map(row.kernel_page, {0x10'0000}, kData).has_value());
  ASSERT_TRUE(kernel.ShareEntries(row.kernel, row.level).has_value());
  Table context = *Table::Create(row.root, {}, arena);
  const size_t before = arena.taken_slots();
  for (unsigned works = 0; works < row.path_tables; ++works) {
    arena.failure.FailAfter(works);
    EXPECT_EQ(context.BorrowEntries(kernel).error(), base::Error::kOutOfMemory);
    arena.failure.FailNothing();
    EXPECT_EQ(arena.taken_slots(), before);
    EXPECT_TRUE(context.CheckInvariants().has_value());
  }
  ASSERT_TRUE(context.BorrowEntries(kernel).has_value());
  context.Release();
  kernel.Release();
  EXPECT_EQ(arena.taken_slots(), 0u);
}

TEST(X86SharedEntries, OneTableHoldsThem) {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  Table kernel = *Table::Create(PagingPolicy::kFourLevelRoot, {}, arena);
  ASSERT_TRUE(kernel.Map(kPage, {0x10'0000}, kData).has_value());
  // Under two entries of the root, and under one that is empty.
  EXPECT_EQ(kernel.ShareEntries(kKernel, 2).error(), base::Error::kUnsupported);
  EXPECT_EQ(kernel.ShareEntries(kUser, 2).error(), base::Error::kUnsupported);
  EXPECT_TRUE(kernel.common().IsEmpty());
  EXPECT_TRUE(kernel.CheckInvariants().has_value());
  kernel.Release();
}

}  // namespace
}  // namespace arch::x86_64
