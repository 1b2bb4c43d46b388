// A layout of 32-bit addresses on a processor that has 48 of them: nothing may be mapped where the
// table has no rows, and the tables that the hardware walks could.
#include <array>
#include <cstdint>
#include <new>
#include <string_view>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/base/units.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "layouts/kora.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using namespace base::literals;  // NOLINT(google-build-using-namespace): test data

using mm::Access;
using mm::VerifyFault;
using mm::VirtAddr;
using mm::VirtRange;
using Table = mm::PageTable<PagingPolicy, mm::PageTableArena>;

constexpr mm::Layout kLayout = layouts::x86_64_kora::kLayout;
constexpr uint64_t kPage = mm::kPageSize;

// A machine with 4 MiB of RAM, and a kernel of one page.
constexpr uint64_t kRamBytes = 4_MiB;
constexpr std::array kRam = {
    mm::MemoryRegion{{0}, mm::PagesIn(kRamBytes), mm::MemoryState::kUsable}};
constexpr VirtRange kText = {kLayout.image_link_base, kPage};
constexpr std::array kSections = {
    mm::ImageSection{"text", kText, kLayout.image_load_base, Access::kReadExecute}};

constexpr mm::PageAttributes Kernel(Access access) {
  return {.user = Access::kNone,
          .kernel = access,
          .caching = mm::Caching::kNormal,
          .scope = mm::Scope::kGlobal};
}

constinit mm::PageTableArena g_arena;

// All RAM in the direct map, the kernel's page executable in it.
Table RightTables() {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  Table table = *Table::Create(PagingPolicy::kFourLevelRoot, {GigabytePages::kNo}, arena);
  const mm::PhysAddr text = kLayout.image_load_base;
  const VirtAddr base = mm::DirectMapAddress(kLayout, {0});
  EXPECT_TRUE(table.Map({base, text.value}, {0}, Kernel(Access::kReadWrite)).has_value());
  EXPECT_TRUE(table.Map(kText, text, Kernel(Access::kReadExecute)).has_value());
  const mm::PhysAddr rest = text + kPage;
  EXPECT_TRUE(table
                  .Map({mm::DirectMapAddress(kLayout, rest), kRamBytes - rest.value}, rest,
                       Kernel(Access::kReadWrite))
                  .has_value());
  return table;
}

mm::VerifyReport Verify(const Table& table) {
  std::array<mm::PhysRange, 16> scratch;
  return mm::VerifyLayout({kLayout, kRam, kSections, {}, scratch},
                          [&](mm::MappingVisitor visit) { table.ForEachMapping(visit); });
}

TEST(NarrowLayout, RightTablesPass) { EXPECT_TRUE(Verify(RightTables()).IsGood()); }

struct Row {
  std::string_view name;
  VirtAddr va;
  VerifyFault fault;
  std::string_view region;
};

constexpr Row kRows[] = {
    {"null", {0}, VerifyFault::kInUnusedRegion, "unused"},
    {"the last page below threads' own", {0x1F'F000}, VerifyFault::kInUnusedRegion, "unused"},
    {"the first page above vmalloc", {0xFF00'0000}, VerifyFault::kInUnusedRegion, "unused"},
    {"the last page of 4 GiB", {0xFFFF'F000}, VerifyFault::kInUnusedRegion, "unused"},
    {"the first page above 4 GiB", {0x1'0000'0000}, VerifyFault::kOutsideEveryRegion, "none"},
    {"the direct map 4 GiB higher", {0x1'C000'0000}, VerifyFault::kOutsideEveryRegion, "none"},
    {"the last page of the lower half",
     {0x7FFF'FFFF'F000},
     VerifyFault::kOutsideEveryRegion,
     "none"},
    {"the first page of the upper half",
     {0xFFFF'8000'0000'0000},
     VerifyFault::kOutsideEveryRegion,
     "none"},
    {"the direct map with its sign",
     {0xFFFF'FFFF'C000'0000},
     VerifyFault::kOutsideEveryRegion,
     "none"},
    {"the last page of all", {0xFFFF'FFFF'FFFF'F000}, VerifyFault::kOutsideEveryRegion, "none"},
};

TEST(NarrowLayout, APageWithoutARowIsAFault) {
  for (const Row& row : kRows) {
    Table table = RightTables();
    const mm::PhysAddr data{2_MiB};
    ASSERT_TRUE(table.Map({row.va, kPage}, data, Kernel(Access::kReadWrite)).has_value())
        << row.name;
    const mm::VerifyReport report = Verify(table);
    ASSERT_EQ(report.faults, 1u) << row.name;
    EXPECT_TRUE((report.findings().front() == mm::Finding{row.fault, row.region, row.va}))
        << row.name;
  }
}

// Large pages that begin in a row and end above the last one.
TEST(NarrowLayout, AMappingAcross4GibIsJudgedOnBothSides) {
  Table table = RightTables();
  const VirtRange across{{0xFFE0'0000}, 4_MiB};
  ASSERT_TRUE(table.Map(across, {0}, Kernel(Access::kRead)).has_value());
  const mm::VerifyReport report = Verify(table);
  ASSERT_EQ(report.faults, 2u);
  EXPECT_TRUE(
      (report.findings()[0] == mm::Finding{VerifyFault::kInUnusedRegion, "unused", across.base}));
  EXPECT_TRUE((report.findings()[1] ==
               mm::Finding{VerifyFault::kOutsideEveryRegion, "none", {0x1'0000'0000}}));
}

}  // namespace
}  // namespace arch::x86_64
