// The exact places of a process's parts for processes of several sizes, and each way a process can
// differ from its plan.
#include "kernel/mm/checks/process_plan.h"

#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/units.h"
#include "layouts/apcpu.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of tables

constexpr const Layout& kLayout = layouts::apcpu::kLayout;
constexpr const VirtRange& kRegion = RegionWith(kLayout, Service::kProgram).range;
constexpr VirtAddr kBase = kRegion.base;

// A row's offsets are from the region's first byte.
struct SizeRow {
  std::string_view name;
  ProcessSizes sizes;
  uint64_t guard;
  uint64_t stack;
  uint64_t shared;
  uint64_t whole_bytes;
};

constexpr SizeRow kSizes[] = {
    {"the smallest", {0, 1, 1}, 0, 0x1000, 0x1FF8, 0x2000},
    {"a heap that is no whole page", {1, 1, 8}, 0x1000, 0x2000, 0x2FF8, 0x3000},
    {"stack and copy fill a page", {0x1000, 0xFF8, 8}, 0x1000, 0x2000, 0x2FF8, 0x3000},
    {"and a byte more", {0x1000, 0xFF9, 8}, 0x1000, 0x2000, 0x3FF8, 0x4000},
    {"a copy of one byte more", {0x1000, 0xFF8, 9}, 0x1000, 0x2000, 0x3FF0, 0x4000},
    {"a copy of a page", {0, 0x1000, 0x1000}, 0, 0x1000, 0x2000, 0x3000},
    {"a copy of a page and a bit", {0, 0x1000, 0x1010}, 0, 0x1000, 0x2FF0, 0x4000},
    {"64 KiB of both", {64_KiB, 64_KiB, 0x68}, 0x10000, 0x11000, 0x21F98, 0x22000},
    {"24 MiB of heap", {24_MiB, 8_KiB, 0x68}, 0x1800000, 0x1801000, 0x1803F98, 0x1804000},
    {"1 GiB of heap", {1_GiB, 1_MiB, 0x68}, 0x40000000, 0x40001000, 0x40101F98, 0x40102000},
};

TEST(ProcessPlan, Places) {
  for (const SizeRow& row : kSizes) {
    const auto plan = ProcessPlan::Make(kRegion, row.sizes);
    ASSERT_TRUE(plan.has_value()) << row.name;
    EXPECT_TRUE(plan->heap() == VirtRange(kBase, row.guard)) << row.name;
    EXPECT_TRUE(plan->guard() == VirtRange(kBase + row.guard, kPageSize)) << row.name;
    EXPECT_TRUE(plan->stack() == VirtRange(kBase + row.stack, row.shared - row.stack)) << row.name;
    EXPECT_TRUE(plan->shared() == VirtRange(kBase + row.shared, row.whole_bytes - row.shared))
        << row.name;
    EXPECT_TRUE(plan->whole() == VirtRange(kBase, row.whole_bytes)) << row.name;
    EXPECT_TRUE(plan->stack().size_bytes >= row.sizes.stack_bytes) << row.name;
    EXPECT_TRUE(plan->stack().size_bytes - row.sizes.stack_bytes < kPageSize) << row.name;
  }
}

// However far heap and stack have grown, the layout's table agrees.
TEST(ProcessPlan, PartsArePackedAsTheLayoutSays) {
  for (const SizeRow& row : kSizes) {
    const auto plan = ProcessPlan::Make(kRegion, row.sizes);
    ASSERT_TRUE(plan.has_value()) << row.name;
    const ProcessExtent first = plan->FirstExtent();
    const ProcessExtent extents[] = {first,
                                     {plan->heap().size_bytes, first.stack_base},
                                     {0, plan->stack().base},
                                     {plan->heap().size_bytes, plan->stack().base}};
    for (const ProcessExtent& extent : extents) {
      EXPECT_TRUE(!FindMisplacedPart(kLayout.process_parts, plan->PartsOf(extent), kBase))
          << row.name;
    }
    EXPECT_TRUE(plan->TopFrom(first.stack_base).Contains(plan->shared())) << row.name;
    EXPECT_TRUE(plan->stack().last() - first.stack_base < kPageSize) << row.name;
  }
}

struct RefusedRow {
  std::string_view name;
  ProcessSizes sizes;
  base::Error error;
};

constexpr uint64_t kAll = kRegion.size_bytes;

constexpr RefusedRow kRefused[] = {
    {"no stack", {0, 0, 8}, base::Error::kInvalidArgument},
    {"nothing shared", {0, 8, 0}, base::Error::kInvalidArgument},
    {"a heap of all", {kAll, 1, 1}, base::Error::kOutOfRange},
    {"a page too much", {kAll - 0x1000, 1, 1}, base::Error::kOutOfRange},
    {"a stack of all", {0, kAll, 1}, base::Error::kOutOfRange},
    {"a copy of all", {0, 1, kAll}, base::Error::kOutOfRange},
    {"a heap that wraps", {UINT64_MAX, 1, 1}, base::Error::kOutOfRange},
    {"a stack that wraps", {0, UINT64_MAX, 1}, base::Error::kOutOfRange},
    {"a copy that wraps", {0, 1, UINT64_MAX}, base::Error::kOutOfRange},
};

TEST(ProcessPlan, Refuses) {
  for (const RefusedRow& row : kRefused) {
    const auto plan = ProcessPlan::Make(kRegion, row.sizes);
    ASSERT_TRUE(!plan.has_value()) << row.name;
    EXPECT_TRUE(plan.error() == row.error) << row.name;
  }
}

TEST(ProcessPlan, FillsTheRegion) {
  const auto plan = ProcessPlan::Make(kRegion, {kAll - 0x2000, 1, 1});
  ASSERT_TRUE(plan.has_value());
  EXPECT_TRUE(plan->whole() == kRegion);
}

// A process of 64 KiB of heap and stack, at first, as it grows, and wrong.
struct Live {
  VirtRange heap{kBase, 0};
  VirtRange top{kBase + 0x21000, 0x1000};
  VirtRange other{kBase + 0x11000, 0};
  VirtAddr page = kBase + 0x21000;
  Access area_access = Access::kReadWrite;
  Access page_access = Access::kReadWrite;
};

struct LiveRow {
  std::string_view name;
  void (*change)(Live& live);
  std::optional<ProcessFinding> finding;
};

using enum ProcessFault;

constexpr LiveRow kLiveRows[] = {
    {"at first", [](Live&) {}, std::nullopt},
    {"a page only read", [](Live& l) { l.page_access = Access::kRead; }, std::nullopt},
    {"some heap", [](Live& l) { l.heap.size_bytes = 0x3000, l.page = kBase + 0x2000; },
     std::nullopt},
    {"all heap", [](Live& l) { l.heap.size_bytes = 0x10000, l.page = kBase + 0xF000; },
     std::nullopt},
    {"all stack", [](Live& l) { l.top = {kBase + 0x11000, 0x11000}, l.page = l.top.base; },
     std::nullopt},
    {"heap in the guard", [](Live& l) { l.heap.size_bytes = 0x11000; },
     ProcessFinding{kStrangeArea, kBase}},
    {"heap elsewhere", [](Live& l) { l.heap = {kBase + 0x1000, 0x1000}; },
     ProcessFinding{kStrangeArea, kBase + 0x1000}},
    {"stack in the guard", [](Live& l) { l.top = {kBase + 0x10000, 0x12000}; },
     ProcessFinding{kStrangeArea, kBase + 0x10000}},
    {"stack that ends early", [](Live& l) { l.top.base = kBase + 0x20000; },
     ProcessFinding{kStrangeArea, kBase + 0x20000}},
    {"no stack", [](Live& l) { l.top.size_bytes = 0; },
     ProcessFinding{kPageOutside, kBase + 0x21000}},
    {"an area between", [](Live& l) { l.other.size_bytes = 0x1000; },
     ProcessFinding{kStrangeArea, kBase + 0x11000}},
    {"an area that runs", [](Live& l) { l.area_access = Access::kReadExecute; },
     ProcessFinding{kAreaRights, kBase + 0x21000}},
    {"a page in the guard", [](Live& l) { l.page = kBase + 0x10000; },
     ProcessFinding{kPageOutside, kBase + 0x10000}},
    {"a page above the heap", [](Live& l) { l.heap.size_bytes = 0x1000, l.page = kBase + 0x1000; },
     ProcessFinding{kPageOutside, kBase + 0x1000}},
    {"a page below the stack", [](Live& l) { l.page = kBase + 0x20000; },
     ProcessFinding{kPageOutside, kBase + 0x20000}},
    {"a page behind the process", [](Live& l) { l.page = kBase + 0x22000; },
     ProcessFinding{kPageOutside, kBase + 0x22000}},
    {"a page that runs", [](Live& l) { l.page_access = Access::kReadExecute; },
     ProcessFinding{kPageRights, kBase + 0x21000}},
    {"a page that is closed", [](Live& l) { l.page_access = Access::kNone; },
     ProcessFinding{kPageRights, kBase + 0x21000}},
};

TEST(ProcessVerifier, Rows) {
  const auto plan = ProcessPlan::Make(kRegion, {64_KiB, 64_KiB, 0x68});
  ASSERT_TRUE(plan.has_value());
  for (const LiveRow& row : kLiveRows) {
    Live live;
    row.change(live);
    ProcessVerifier verifier(kLayout, *plan);
    for (const VirtRange& area : {live.heap, live.other, live.top}) {
      if (!area.IsEmpty()) verifier.AddArea(area, live.area_access);
    }
    verifier.AddPage(live.page, live.page_access);
    EXPECT_TRUE(verifier.Finish() == row.finding) << row.name;
  }
}

// The table and the plan are two statements: a table in another order finds the part at fault.
TEST(ProcessVerifier, AnotherLayout) {
  Layout other = kLayout;
  other.process_parts = kLayout.process_parts.first(5);
  const auto plan = ProcessPlan::Make(kRegion, {64_KiB, 64_KiB, 0x68});
  ASSERT_TRUE(plan.has_value());
  ProcessVerifier verifier(other, *plan);
  verifier.AddArea({kBase + 0x21000, 0x1000}, Access::kReadWrite);
  const auto finding = verifier.Finish();
  EXPECT_TRUE(finding == (ProcessFinding{kPartMisplaced, kBase + 0x21F98}));
}

}  // namespace
}  // namespace mm
