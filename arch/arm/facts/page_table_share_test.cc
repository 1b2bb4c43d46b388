// First-level tables of ARMv7-A that have entries in common, and that grow with what they reach.
#include <cstdint>
#include <new>

#include "arch/arm/facts/paging_policy.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_arena.h"
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
constexpr PageAttributes kUserData{Access::kReadWrite, Access::kReadWrite, Caching::kNormal,
                                   Scope::kProcess};

// A kernel of 3 MiB at address 0: a section, a page, and a MiB in which nothing is mapped.
constexpr VirtRange kKernel{{0}, 0x30'0000};
constexpr VirtRange kSection{{0}, 0x10'0000};
constexpr VirtRange kPage{{0x10'0000}, 0x1000};
constexpr VirtRange kEmpty{{0x20'0000}, 0x1000};
constexpr VirtRange kUser{{0x30'0000}, 0x1000};
constexpr VirtRange kFarUser{{0x7FFF'F000}, 0x1000};

constinit mm::PageTableArena g_arena;

// In which only CheckInvariants() tells what is wrong.
void ExpectSound(const Table& table) { EXPECT_TRUE(table.CheckInvariants().has_value()); }

Table MakeKernel() {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  Table kernel = *Table::Create(PagingPolicy::Root(7), {}, arena);
  EXPECT_TRUE(kernel.Map(kSection, {0x4000'0000}, kData).has_value());
  EXPECT_TRUE(kernel.Map(kPage, {0x4010'0000}, kData).has_value());
  return kernel;
}

Table MakeContext(const Table& kernel) {
  Table context = *Table::Create(PagingPolicy::Root(7), {}, g_arena);
  EXPECT_TRUE(context.BorrowEntries(kernel).has_value());
  return context;
}

TEST(ArmSharedEntries, TablesStayHoweverEmpty) {
  Table kernel = MakeKernel();
  const size_t before = g_arena.taken_slots();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  EXPECT_EQ(g_arena.taken_slots(), before + 1);  // for the empty MiB
  ExpectSound(kernel);
  ASSERT_TRUE(kernel.Unmap(kPage).has_value());
  EXPECT_EQ(g_arena.taken_slots(), before + 1);
  ExpectSound(kernel);
  // What is not shared goes with its last page.
  ASSERT_TRUE(kernel.Map(kUser, {0x4020'0000}, kData).has_value());
  ASSERT_TRUE(kernel.Unmap(kUser).has_value());
  EXPECT_EQ(g_arena.taken_slots(), before + 1);
  kernel.Release();
  EXPECT_EQ(g_arena.taken_slots(), 0u);
}

TEST(ArmSharedEntries, ChangesAreSeenInEveryContext) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  Table context = MakeContext(kernel);
  ExpectSound(context);
  EXPECT_EQ(context.Translate({0x1234})->value, 0x4000'1234u);
  EXPECT_EQ(context.Translate({0x10'0234})->value, 0x4010'0234u);
  EXPECT_FALSE(context.Translate(kEmpty.base).has_value());
  ASSERT_TRUE(kernel.Map(kEmpty, {0x4040'0000}, kData).has_value());
  EXPECT_EQ(context.Translate(kEmpty.base)->value, 0x4040'0000u);
  ASSERT_TRUE(kernel.Unmap(kEmpty).has_value());
  ASSERT_TRUE(kernel.Unmap(kPage).has_value());
  EXPECT_FALSE(context.Translate(kPage.base).has_value());
  ExpectSound(context);
  context.Release();
  kernel.Release();
  EXPECT_EQ(g_arena.taken_slots(), 0u);
}

// What has all that it will ever have: a whole MiB of it, or less than one.
TEST(ArmSharedEntries, WhatIsCompleteGetsNoTables) {
  constexpr VirtRange kEmptyMiB{kEmpty.base, 0x10'0000};
  for (const bool is_whole : {true, false}) {
    Table kernel = MakeKernel();
    const VirtRange complete{kEmptyMiB.base, kEmptyMiB.size_bytes - (is_whole ? 0 : 0x1000)};
    const size_t before = g_arena.taken_slots();
    ASSERT_TRUE(kernel.ShareEntries(kKernel, 1, complete).has_value());
    EXPECT_EQ(kernel.common(), kKernel);
    EXPECT_EQ(g_arena.taken_slots(), before + (is_whole ? 0 : 1));
    Table context = MakeContext(kernel);
    ExpectSound(kernel);
    const auto mapped = kernel.Map(kEmpty, {0x4040'0000}, kData);
    EXPECT_EQ(mapped.has_value(), !is_whole);
    EXPECT_EQ(context.Translate(kEmpty.base).has_value(), !is_whole);
    if (is_whole) EXPECT_EQ(mapped.error(), Error::kUnsupported);
    ExpectSound(kernel);
    ExpectSound(context);
  }
}

// Where no entry may be filled, nothing of a change is done.
TEST(ArmSharedEntries, EmptyEntriesStayEmpty) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1, kKernel).has_value());
  Table context = MakeContext(kernel);
  const size_t before = g_arena.taken_slots();
  constexpr VirtRange kEmptyMiB{kEmpty.base, 0x10'0000};
  constexpr VirtRange kFromPageOn{{0x10'1000}, 0x10'0000};
  mm::TlbBatch batch;
  for (const VirtRange& range : {kEmpty, kEmptyMiB, kFromPageOn}) {
    EXPECT_EQ(kernel.Map(range, {0x4040'0000}, kData).error(), Error::kUnsupported);
    EXPECT_EQ(kernel.Mark(range, 1, batch).error(), Error::kUnsupported);
    EXPECT_TRUE(kernel.Unmap(range, batch).has_value());
  }
  EXPECT_EQ(g_arena.taken_slots(), before);
  EXPECT_FALSE(context.Translate(kFromPageOn.base).has_value());
  // Beside them there are changes.
  ASSERT_TRUE(kernel.Map({{0x10'1000}, 0x1000}, {0x4040'0000}, kData).has_value());
  EXPECT_EQ(context.Translate({0x10'1234})->value, 0x4040'0234u);
  ExpectSound(kernel);
  ExpectSound(context);
}

TEST(ArmSharedEntries, AContextChangesOnlyItsOwn) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  Table context = MakeContext(kernel);
  EXPECT_EQ(context.Map(kEmpty, {0x4040'0000}, kData).error(), Error::kOutOfRange);
  EXPECT_EQ(context.Unmap(kPage).error(), Error::kOutOfRange);
  EXPECT_EQ(context.Protect(kSection, kUserData).error(), Error::kOutOfRange);
  const VirtRange across{{0x2F'F000}, 0x2000};
  EXPECT_EQ(context.Map(across, {0x4040'0000}, kUserData).error(), Error::kOutOfRange);
  ASSERT_TRUE(context.Map(kUser, {0x4040'0000}, kUserData).has_value());
  EXPECT_FALSE(kernel.Translate(kUser.base).has_value());
  ExpectSound(context);
  ExpectSound(kernel);
  // Its end leaves the kernel's tables where they are.
  context.Release();
  ExpectSound(kernel);
  EXPECT_EQ(kernel.Translate(kPage.base)->value, 0x4010'0000u);
}

TEST(ArmSharedEntries, MemoryEnds) {
  Table kernel = MakeKernel();
  g_arena.failure.FailAfter(0);
  EXPECT_EQ(kernel.ShareEntries(kKernel, 1).error(), Error::kOutOfMemory);
  g_arena.failure.FailNothing();
  EXPECT_TRUE(kernel.common().IsEmpty());
  ExpectSound(kernel);
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
}

TEST(ArmSharedEntries, AViewKnowsWhatIsCommon) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  Table context = MakeContext(kernel);
  ExpectSound(Table(kernel.shape(), kernel.root(), kernel));
  ExpectSound(Table(context.shape(), context.root(), kernel));
}

// A root entry has one owner, even where the range that was shared ends within it.
TEST(ArmSharedEntries, WholeEntriesAreCommon) {
  Table kernel = MakeKernel();
  constexpr VirtRange kBesideShared{{0x2F'F000}, 0x1000};
  ASSERT_TRUE(kernel.ShareEntries({{0x1000}, 0x2F'E000}, 1).has_value());
  EXPECT_EQ(kernel.common(), kKernel);
  Table context = MakeContext(kernel);
  EXPECT_EQ(context.Map(kBesideShared, {0x4040'0000}, kUserData).error(), Error::kOutOfRange);
  ExpectSound(context);
  ExpectSound(kernel);
}

constexpr PageAttributes kCode{Access::kNone, Access::kRead | Access::kExecute, Caching::kNormal,
                               Scope::kGlobal};
constexpr VirtRange kSectionsFirstPage{{0}, 0x1000};

// What would change an entry of the root that others have, too, with what they would not see.
struct RefusalRow {
  const char* name;
  base::Result<> (*change)(Table& kernel, mm::TlbBatch& batch);
};

constexpr RefusalRow kRefusals[] = {
    {"unmap a section",
     [](Table& kernel, mm::TlbBatch& batch) { return kernel.Unmap(kSection, batch); }},
    {"unmap part of it",
     [](Table& kernel, mm::TlbBatch& batch) { return kernel.Unmap(kSectionsFirstPage, batch); }},
    {"protect a section",
     [](Table& kernel, mm::TlbBatch& batch) { return kernel.Protect(kSection, kCode, batch); }},
    {"protect part of it",
     [](Table& kernel, mm::TlbBatch& batch) {
       return kernel.Protect(kSectionsFirstPage, kCode, batch);
     }},
    {"spare bits for part of it",
     [](Table& kernel, mm::TlbBatch& batch) {
       return kernel.SetSpare(kSectionsFirstPage, 1, batch);
     }},
    {"the first code below a table: PXN",
     [](Table& kernel, mm::TlbBatch&) { return kernel.Map(kEmpty, {0x4040'0000}, kCode); }},
    {"a page becomes code: PXN",
     [](Table& kernel, mm::TlbBatch& batch) { return kernel.Protect(kPage, kCode, batch); }},
    {"the first page of the user's: its domain",
     [](Table& kernel, mm::TlbBatch&) { return kernel.Map(kEmpty, {0x4040'0000}, kUserData); }},
};

TEST(ArmSharedEntries, TheOwnerChangesNoneOfThem) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  Table context = MakeContext(kernel);
  for (const RefusalRow& row : kRefusals) {
    mm::TlbBatch batch;
    const auto changed = row.change(kernel, batch);
    ASSERT_FALSE(changed.has_value()) << row.name;
    EXPECT_EQ(changed.error(), Error::kUnsupported) << row.name;
    batch.Flush(g_arena);
    for (uint64_t index = 0; index < 3; ++index) {
      EXPECT_EQ(g_arena.Read<uint32_t>(context.root(), index),
                g_arena.Read<uint32_t>(kernel.root(), index))
          << row.name;
    }
    ExpectSound(context);
    ExpectSound(kernel);
  }
}

TEST(ArmSharedEntries, NoTableOfTheirsCollapses) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  Table context = MakeContext(kernel);
  const size_t before = g_arena.taken_slots();
  constexpr VirtRange kWholeMiB{kEmpty.base, 0x10'0000};
  ASSERT_TRUE(kernel.Map(kWholeMiB, {0x4040'0000}, kData).has_value());
  mm::TlbBatch batch;
  ASSERT_TRUE(kernel.Collapse(kWholeMiB, batch).has_value());
  batch.Flush(g_arena);
  EXPECT_EQ(g_arena.taken_slots(), before);
  EXPECT_EQ(context.Translate(kEmpty.base)->value, 0x4040'0000u);
  ExpectSound(context);
}

// 16 KiB >> N, aligned to its size (B3.5.4).
TEST(ArmRoot, GrowsAndShrinks) {
  Table kernel = MakeKernel();
  ASSERT_TRUE(kernel.ShareEntries(kKernel, 1).has_value());
  Table context = MakeContext(kernel);
  ASSERT_TRUE(context.Map(kUser, {0x4040'0000}, kUserData).has_value());
  EXPECT_EQ(context.Map(kFarUser, {0x4040'0000}, kUserData).error(), Error::kOutOfRange);
  for (unsigned n = 6; n > 0; --n) {
    const auto old = context.ResizeRoot(PagingPolicy::Root(n));
    ASSERT_TRUE(old.has_value());
    EXPECT_EQ(old->shape.index_bits, 12 - n - 1);
    EXPECT_NE(old->table, context.root());
    context.FreeRoot(*old);
    EXPECT_TRUE(mm::IsAligned(context.root(), uint64_t{16384} >> n));
    EXPECT_EQ(PagingPolicy::SplitOf(context.shape()), n);
    EXPECT_EQ(context.Translate(kUser.base)->value, 0x4040'0000u);
    EXPECT_EQ(context.Translate(kPage.base)->value, 0x4010'0000u);
    ExpectSound(context);
  }
  ASSERT_TRUE(context.Map(kFarUser, {0x4040'0000}, kUserData).has_value());
  EXPECT_EQ(context.ResizeRoot(PagingPolicy::Root(2)).error(), Error::kAlreadyExists);
  EXPECT_EQ(context.Translate(kFarUser.base)->value, 0x4040'0000u);
  ASSERT_TRUE(context.Unmap(kFarUser).has_value());
  const auto old = context.ResizeRoot(PagingPolicy::Root(7));
  ASSERT_TRUE(old.has_value());
  context.FreeRoot(*old);
  EXPECT_EQ(context.Translate(kUser.base)->value, 0x4040'0000u);
  ExpectSound(context);
  context.Release();
  kernel.Release();
  EXPECT_EQ(g_arena.taken_slots(), 0u);
}

TEST(ArmRoot, StaysWhenMemoryEnds) {
  Table kernel = MakeKernel();
  const PhysAddr root = kernel.root();
  g_arena.failure.FailAfter(0);
  EXPECT_EQ(kernel.ResizeRoot(PagingPolicy::Root(6)).error(), Error::kOutOfMemory);
  g_arena.failure.FailNothing();
  EXPECT_EQ(kernel.root(), root);
  EXPECT_EQ(PagingPolicy::SplitOf(kernel.shape()), 7u);
  ExpectSound(kernel);
}

}  // namespace
}  // namespace arch::arm
