#include "kernel/mm/tables/tlb_batch.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr uint64_t kMegabyte = uint64_t{1} << 20;
constexpr Asid kProcess{7};

struct Added {
  VirtRange range;
  uint64_t page_bytes = 0;  // 0: nothing was added
  Scope scope = Scope::kProcess;
};

struct Row {
  std::string_view name;
  Asid asid;
  std::array<Added, 3> added;
  TlbReach reach;
  std::array<TlbStretch, 3> stretches;  // those with pages
};

constexpr VirtRange Pages(uint64_t base, uint64_t count) {
  return {VirtAddr{base}, count * kPageSize};
}

constexpr Row kRows[] = {
    {"nothing", kProcess, {}, TlbReach::kNothing, {}},
    {"one page",
     kProcess,
     {{{Pages(0x1000, 1), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0x1000, 1)}}}},
    {"pages that follow each other",
     kProcess,
     {{{Pages(0x1000, 1), kPageSize}, {Pages(0x2000, 2), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0x1000, 3)}}}},
    {"downwards",
     kProcess,
     {{{Pages(0x3000, 1), kPageSize}, {Pages(0x2000, 1), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0x2000, 2)}}}},
    {"pages apart",
     kProcess,
     {{{Pages(0x1000, 1), kPageSize}, {Pages(0x9000, 1), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0x1000, 1)}, {Pages(0x9000, 1)}}}},
    {"the same page again",
     kProcess,
     {{{Pages(0x1000, 4), kPageSize}, {Pages(0x2000, 1), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0x1000, 4)}}}},
    {"the last page of all",
     kProcess,
     {{{Pages(0xFFFF'FFFF'FFFF'E000, 1), kPageSize}, {Pages(0xFFFF'FFFF'FFFF'F000, 1), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0xFFFF'FFFF'FFFF'E000, 2)}}}},
    {"a large page is one invalidation",
     kProcess,
     {{{{VirtAddr{2 * kMegabyte}, 64 * kMegabyte}, 2 * kMegabyte}}},
     TlbReach::kPages,
     {{{{VirtAddr{2 * kMegabyte}, 64 * kMegabyte}, 2 * kMegabyte}}}},
    {"a small page in a large one is not covered by it",
     kProcess,
     {{{{VirtAddr{0}, 2 * kMegabyte}, 2 * kMegabyte}, {Pages(0x5000, 1), kPageSize}}},
     TlbReach::kPages,
     {{{{VirtAddr{0}, 2 * kMegabyte}, 2 * kMegabyte}, {Pages(0x5000, 1)}}}},
    {"33 pages are still done one by one",
     kProcess,
     {{{Pages(0x1000, 33), kPageSize}}},
     TlbReach::kPages,
     {{{Pages(0x1000, 33)}}}},
    {"34 are not", kProcess, {{{Pages(0x1000, 34), kPageSize}}}, TlbReach::kAddressSpace, {}},
    {"nor together",
     kProcess,
     {{{Pages(0x1000, 20), kPageSize}, {Pages(0x100'0000, 14), kPageSize}}},
     TlbReach::kAddressSpace,
     {}},
    {"nor when they follow each other",
     kProcess,
     {{{Pages(0x1000, 20), kPageSize}, {Pages(0x1'5000, 14), kPageSize}}},
     TlbReach::kAddressSpace,
     {}},
    {"a section as its pages",
     kProcess,
     {{{{VirtAddr{0}, kMegabyte}, kPageSize}}},
     TlbReach::kAddressSpace,
     {}},
    {"global pages outlive their address space",
     kProcess,
     {{{Pages(0x1000, 34), kPageSize, Scope::kGlobal}}},
     TlbReach::kEverything,
     {}},
    {"also one among others",
     kProcess,
     {{{Pages(0x1000, 34), kPageSize}, {Pages(0x100'0000, 1), kPageSize, Scope::kGlobal}}},
     TlbReach::kEverything,
     {}},
    {"and one that came first",
     kProcess,
     {{{Pages(0x1000, 1), kPageSize, Scope::kGlobal}, {Pages(0x100'0000, 34), kPageSize}}},
     TlbReach::kEverything,
     {}},
    {"a single global page is a page",
     kProcess,
     {{{Pages(0x1000, 1), kPageSize, Scope::kGlobal}}},
     TlbReach::kPages,
     {{{Pages(0x1000, 1)}}}},
    {"without an address space",
     kEveryAsid,
     {{{Pages(0x1000, 34), kPageSize}}},
     TlbReach::kEverything,
     {}},
    {"an empty range", kProcess, {{{{VirtAddr{0x1000}, 0}, kPageSize}}}, TlbReach::kNothing, {}},
};

// Takes the place of a memory: counts.
struct Counter {
  uint64_t invalidations = 0;
  uint64_t freed = 0;
  bool freed_before = false;

  void Invalidate(const TlbWork&) {
    if (freed > 0) freed_before = true;
    ++invalidations;
  }
  void* Pointer(PhysAddr pa) { return reinterpret_cast<void*>(static_cast<uintptr_t>(pa.value)); }
  void FreeTable(PhysAddr, uint64_t bytes) {
    EXPECT_EQ(bytes, 64u);
    ++freed;
  }
};

TEST(TlbBatch, GathersPages) {
  for (const Row& row : kRows) {
    TlbBatch batch(row.asid);
    for (const Added& added : row.added) {
      if (added.page_bytes != 0) batch.AddPages(added.range, added.page_bytes, added.scope);
    }
    const TlbWork work = batch.work();
    EXPECT_TRUE(work.reach == row.reach) << row.name;
    EXPECT_TRUE(work.asid == row.asid) << row.name;
    size_t count = 0;
    for (const TlbStretch& stretch : row.stretches) count += stretch.range.IsEmpty() ? 0 : 1;
    ASSERT_EQ(work.stretches.size(), count) << row.name;
    for (size_t i = 0; i < count; ++i) {
      EXPECT_TRUE(work.stretches[i] == row.stretches[i]) << row.name;
    }
    Counter counter;
    EXPECT_EQ(batch.IsEmpty(), row.reach == TlbReach::kNothing) << row.name;
    batch.Flush(counter);
    EXPECT_EQ(counter.invalidations, row.reach == TlbReach::kNothing ? 0u : 1u) << row.name;
    EXPECT_TRUE(batch.IsEmpty()) << row.name;
  }
}

TEST(TlbBatch, StopsCountingStretches) {
  TlbBatch batch(kProcess);
  for (uint64_t i = 0; i < TlbBatch::kMaxStretches; ++i) {
    batch.AddPages(Pages(i * kMegabyte, 1), kPageSize, Scope::kProcess);
  }
  EXPECT_TRUE(batch.work().reach == TlbReach::kPages);
  batch.AddPages(Pages(0x1000, 1), kPageSize, Scope::kProcess);  // next to the first
  EXPECT_TRUE(batch.work().reach == TlbReach::kPages);
  batch.AddPages(Pages(99 * kMegabyte, 1), kPageSize, Scope::kProcess);
  EXPECT_TRUE(batch.work().reach == TlbReach::kAddressSpace);
  Counter counter;
  batch.Flush(counter);
  // And starts anew.
  batch.AddPages(Pages(0x1000, 1), kPageSize, Scope::kProcess);
  EXPECT_TRUE(batch.work().reach == TlbReach::kPages);
  batch.Flush(counter);
}

// A moved batch knows what it holds: a page that outlives its address space among others.
TEST(TlbBatch, MovesWithAGlobalPage) {
  Counter counter;
  TlbBatch first(kProcess);
  first.AddPages(Pages(0x1000, 1), kPageSize, Scope::kGlobal);
  TlbBatch second;
  second = std::move(first);
  EXPECT_TRUE(second.asid() == kProcess);
  EXPECT_TRUE(second.work().reach == TlbReach::kPages);
  ASSERT_EQ(second.work().stretches.size(), 1u);
  EXPECT_TRUE(second.work().stretches[0] == (TlbStretch{Pages(0x1000, 1), kPageSize}));
  second.AddPages(Pages(0x100'0000, 34), kPageSize, Scope::kProcess);
  EXPECT_TRUE(second.work().reach == TlbReach::kEverything);
  // The other one starts anew, and so does this one when it is flushed.
  EXPECT_TRUE(first.IsEmpty());  // NOLINT(bugprone-use-after-move): that is what is tested
  first.AddPages(Pages(0x100'0000, 34), kPageSize, Scope::kProcess);
  EXPECT_TRUE(first.work().reach == TlbReach::kAddressSpace);
  first.Flush(counter);
  TlbBatch third = std::move(second);
  EXPECT_TRUE(third.work().reach == TlbReach::kEverything);
  third.Flush(counter);
  EXPECT_EQ(counter.invalidations, 2u);
  third.AddPages(Pages(0x100'0000, 34), kPageSize, Scope::kProcess);
  EXPECT_TRUE(third.work().reach == TlbReach::kAddressSpace);
  third.Flush(counter);
}

// However many there are, and after the invalidation.
TEST(TlbBatch, FreesTablesAfterTheFlush) {
  alignas(64) static uint8_t tables[100][64];
  TlbBatch batch;
  for (auto& table : tables) {
    batch.AddPages(Pages(0x1000, 1), kPageSize, Scope::kGlobal);
    batch.AddTable(PhysAddr{reinterpret_cast<uintptr_t>(table)}, sizeof(table), table);
  }
  EXPECT_EQ(batch.retired_tables(), 100u);
  TlbBatch moved = std::move(batch);
  EXPECT_TRUE(batch.IsEmpty());  // NOLINT(bugprone-use-after-move): that is what is tested
  Counter counter;
  moved.Flush(counter);
  EXPECT_EQ(counter.freed, 100u);
  EXPECT_EQ(counter.invalidations, 1u);
  EXPECT_FALSE(counter.freed_before);
  EXPECT_TRUE(moved.IsEmpty());
}

}  // namespace
}  // namespace mm
