// Root tables of x86_64 that have entries in common. Entries count what is below them, which only
// the owner's own do.
#include <cstdint>
#include <new>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/page_table.h"
#include "kernel/mm/page_table_arena.h"
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
  ASSERT_TRUE(kernel.ShareEntries(kKernel).has_value());
  ASSERT_TRUE(kernel.CheckInvariants().has_value());
  Table context = *Table::Create(PagingPolicy::kFourLevelRoot, {}, arena);
  context.BorrowEntries(kernel);
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

}  // namespace
}  // namespace arch::x86_64
