// What the processor finds in the page tables of ARMv7-A while the user's domain is closed, and
// while it is open.
#include <cstdint>
#include <string_view>

#include "arch/arm/facts/manual_walk.h"
#include "arch/arm/facts/paging_policy.h"
#include "gtest/gtest.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_fake_memory.h"

namespace arch::arm {
namespace {

using mm::Access;
using mm::Caching;
using mm::PageAttributes;
using mm::Scope;
using Table = mm::PageTable<PagingPolicy, mm::FakeTableMemory>;

constexpr uint64_t kSmallPage = 0x1000;
constexpr uint64_t kSection = 0x10'0000;

struct DomainRow {
  std::string_view name;
  uint64_t bytes;
  PageAttributes attributes;
  bool found_while_closed;
};

constexpr PageAttributes kKernelData{Access::kNone, Access::kReadWrite, Caching::kNormal,
                                     Scope::kGlobal};
constexpr PageAttributes kKernelOfProcess{Access::kNone, Access::kReadWrite, Caching::kNormal,
                                          Scope::kProcess};
constexpr PageAttributes kUserData{Access::kReadWrite, Access::kReadWrite, Caching::kNormal,
                                   Scope::kProcess};
constexpr PageAttributes kUserText{Access::kReadExecute, Access::kRead, Caching::kNormal,
                                   Scope::kProcess};
constexpr PageAttributes kReadByAll{Access::kRead, Access::kReadWrite, Caching::kNormal,
                                    Scope::kGlobal};

constexpr DomainRow kRows[] = {
    {"kernel, small page", kSmallPage, kKernelData, true},
    {"kernel, section", kSection, kKernelData, true},
    {"kernel, of one process", kSmallPage, kKernelOfProcess, true},
    {"user data, small page", kSmallPage, kUserData, false},
    {"user data, section", kSection, kUserData, false},
    {"user code, small page", kSmallPage, kUserText, false},
    {"global, read by the user", kSection, kReadByAll, true},
};

TEST(ArmDomains, KeepTheKernelFromTheUsersPagesWhileClosed) {
  constexpr unsigned kSplit = 1;  // TTBCR.N
  for (const DomainRow& row : kRows) {
    SCOPED_TRACE(row.name);
    mm::FakeTableMemory memory;
    Table table = *Table::Create(PagingPolicy::Root(kSplit), {}, memory);
    const mm::VirtRange range{{0x4000'0000}, row.bytes};
    ASSERT_TRUE(table.Map(range, {0x5000'0000}, row.attributes).has_value());
    const auto walk = [&](uint32_t dacr) {
      return WalkAsManual(memory, table.root().value, kSplit, dacr, range.last().value);
    };
    EXPECT_EQ(walk(PagingPolicy::kUserClosed).has_value(), row.found_while_closed);
    const auto open = walk(PagingPolicy::kUserOpen);
    ASSERT_TRUE(open.has_value());
    EXPECT_EQ(open->pa.value, 0x5000'0000 + row.bytes - 1);
    EXPECT_TRUE(open->attributes == row.attributes);
    table.Release();
  }
}

}  // namespace
}  // namespace arch::arm
