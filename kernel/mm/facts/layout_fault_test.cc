// Each way a layout can be wrong, as a change to a sound one. testing/compile_fail shows that the
// same faults stop the compiler.
#include "kernel/mm/facts/layout_fault.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using mm::Access;
using mm::Caching;
using mm::FindFault;
using mm::Growth;
using mm::Guards;
using mm::HardwareShape;
using mm::Layout;
using mm::LayoutFault;
using mm::Region;
using mm::Scope;
using mm::Service;
using mm::VirtAddr;

constexpr uint64_t kPage = mm::kPageSize;

// Four rows with room between them.
struct Sample {
  std::array<Region, 4> rows = {{
      {"unused",
       {{0}, kPage},
       Access::kNone,
       Access::kNone,
       Caching::kNormal,
       Scope::kProcess,
       Service::kUnused,
       Growth::kFixed,
       Guards::kNone,
       "a reason"},
      {"stack",
       {{0x10'0000}, 0x1'0000},
       Access::kReadWrite,
       Access::kNone,
       Caching::kNormal,
       Scope::kThread,
       Service::kUserStack,
       Growth::kDown,
       Guards::kBelow,
       "a reason"},
      {"direct",
       {{0xFFFF'FFFF'0000'0000}, 0x10'0000},
       Access::kNone,
       Access::kReadWrite | Access::kImage,
       Caching::kNormal,
       Scope::kGlobal,
       Service::kDirectMap,
       Growth::kFixed,
       Guards::kNone,
       "a reason"},
      {"vmalloc",
       {{0xFFFF'FFFF'FFFF'0000}, 0x1'0000},
       Access::kNone,
       Access::kReadWrite,
       Caching::kDevice,
       Scope::kGlobal,
       Service::kVmalloc,
       Growth::kFixed,
       Guards::kAround,
       "a reason"},
  }};
  Layout layout = {
      .name = "sample",
      .shape = {48, HardwareShape::Extension::kSign, kPage},
      .regions = {},
      .promised_ram_bytes = 0x10'0000,
      .direct_map_target = {0x4000'0000},
      .image_link_base = {0xFFFF'FFFF'0001'0000},
      .image_load_base = {0x4001'0000},
  };

  std::array<mm::Part, 4> image_parts = {{
      {"text", mm::PartStart::kPage, Access::kReadExecute, Access::kReadExecute, Growth::kFixed,
       "a reason"},
      {"constants", mm::PartStart::kPage, Access::kRead, Access::kRead, Growth::kFixed, "a reason"},
      {"kernel stack", mm::PartStart::kPage, Access::kNone, Access::kReadWrite, Growth::kDown,
       "a reason"},
      {"heap", mm::PartStart::kPacked, Access::kNone, Access::kReadWrite, Growth::kUp, "a reason"},
  }};
  size_t image_part_count = 4;
  std::array<mm::Part, 3> process_parts = {{
      {"heap", mm::PartStart::kPage, Access::kReadWrite, Access::kNone, Growth::kUp, "a reason"},
      {"guard", mm::PartStart::kPage, Access::kNone, Access::kNone, Growth::kFixed, "a reason"},
      {"stack", mm::PartStart::kPage, Access::kReadWrite, Access::kNone, Growth::kDown, "a reason"},
  }};

  constexpr std::optional<mm::FaultAt> Fault() {
    layout.regions = rows;
    layout.image_parts = std::span(image_parts).first(image_part_count);
    layout.process_parts = process_parts;
    return FindFault(layout);
  }
};

struct Row {
  std::string_view name;
  void (*spoil)(Sample& sample);
  LayoutFault fault;
  size_t row;
};

constexpr Row kRows[] = {
    {"no bytes", [](Sample& s) { s.rows[1].range.size_bytes = 0; }, LayoutFault::kEmpty, 1},
    {"base inside a page", [](Sample& s) { s.rows[1].range.base = {0x10'0001}; },
     LayoutFault::kNotAligned, 1},
    {"size inside a page", [](Sample& s) { s.rows[1].range.size_bytes = 0x1234; },
     LayoutFault::kNotAligned, 1},
    {"past the top", [](Sample& s) { s.rows[3].range.size_bytes += kPage; }, LayoutFault::kWraps,
     3},
    {"up to the hole is fine, one page more is not",
     [](Sample& s) { s.rows[1].range = {{0x7FFF'FFFF'F000}, 2 * kPage}; },
     LayoutFault::kOutsideHardware, 1},
    {"in the hole", [](Sample& s) { s.rows[1].range.base = {0x8000'0000'0000}; },
     LayoutFault::kOutsideHardware, 1},
    {"across the hole, both ends good",
     [](Sample& s) {
       s.rows[1].range = mm::FromFirstToLast(VirtAddr{0x10'0000}, VirtAddr{0xFFFF'8000'0000'0FFF});
     },
     LayoutFault::kOutsideHardware, 1},
    {"above 32 bits",
     [](Sample& s) { s.layout.shape = {32, HardwareShape::Extension::kZero, kPage}; },
     LayoutFault::kOutsideHardware, 2},
    {"two rows swapped", [](Sample& s) { std::swap(s.rows[0].range, s.rows[1].range); },
     LayoutFault::kUnsorted, 1},
    {"one page shared", [](Sample& s) { s.rows[2].range.base = {0x10'F000}; },
     LayoutFault::kOverlap, 2},
    {"the same row twice",
     [](Sample& s) {
       s.rows[0] = s.rows[1];
       s.rows[0].name = "other";
     },
     LayoutFault::kOverlap, 1},
    {"user w+x", [](Sample& s) { s.rows[1].user = Access::kReadWrite | Access::kExecute; },
     LayoutFault::kWritableAndExecutable, 1},
    {"kernel w+x", [](Sample& s) { s.rows[3].kernel = Access::kWrite | Access::kExecute; },
     LayoutFault::kWritableAndExecutable, 3},
    {"user x, kernel w",
     [](Sample& s) {
       s.rows[1].user = Access::kReadExecute;
       s.rows[1].kernel = Access::kReadWrite;
     },
     LayoutFault::kWritableAndExecutable, 1},
    {"user in vmalloc", [](Sample& s) { s.rows[3].user = Access::kRead; },
     LayoutFault::kUserRightInKernelRegion, 3},
    {"unused and readable", [](Sample& s) { s.rows[0].kernel = Access::kRead; },
     LayoutFault::kRightInUnusedRegion, 0},
    {"stack without a guard", [](Sample& s) { s.rows[1].guards = Guards::kNone; },
     LayoutFault::kMissingGuard, 1},
    {"vmalloc guarded below only", [](Sample& s) { s.rows[3].guards = Guards::kBelow; },
     LayoutFault::kMissingGuard, 3},
    {"heap with areas in it guarded below only",
     [](Sample& s) {
       s.rows[3].service = Service::kKernelHeap;
       s.rows[3].guards = Guards::kBelow;
     },
     LayoutFault::kMissingGuard, 3},
    {"a page of RAM too much", [](Sample& s) { s.layout.promised_ram_bytes += kPage; },
     LayoutFault::kDirectMapTooSmall, 2},
    {"image linked elsewhere", [](Sample& s) { s.layout.image_link_base = {0x10'0000}; },
     LayoutFault::kImageMisplaced, 1},
    {"image linked nowhere", [](Sample& s) { s.layout.image_link_base = {0x5000'0000}; },
     LayoutFault::kImageMisplaced, 4},
    {"image loaded where the direct map shows other memory",
     [](Sample& s) { s.layout.image_load_base = {0x4001'1000}; }, LayoutFault::kImageMisplaced, 2},
    {"image loaded below the direct map", [](Sample& s) { s.layout.image_load_base = {0x1000}; },
     LayoutFault::kImageMisplaced, 2},
    {"direct map that hosts no image", [](Sample& s) { s.rows[2].kernel = Access::kReadWrite; },
     LayoutFault::kImageMisplaced, 2},
    {"no name", [](Sample& s) { s.rows[2].name = ""; }, LayoutFault::kUnnamed, 2},
    {"no reason", [](Sample& s) { s.rows[2].why = ""; }, LayoutFault::kUnnamed, 2},
    {"one name twice", [](Sample& s) { s.rows[3].name = "stack"; }, LayoutFault::kDuplicateName, 3},
    {"a shared image without parts",
     [](Sample& s) {
       s.rows[2].user = Access::kImage;
       s.image_part_count = 0;
     },
     LayoutFault::kUserRightInKernelRegion, 2},
    {"user mode shares the direct map, parts or not",
     [](Sample& s) { s.rows[2].user = Access::kRead; }, LayoutFault::kUserRightInKernelRegion, 2},
    {"a shared image where there is none", [](Sample& s) { s.rows[3].user = Access::kImage; },
     LayoutFault::kUserRightInKernelRegion, 3},
    {"part without a reason", [](Sample& s) { s.image_parts[1].why = ""; }, LayoutFault::kUnnamed,
     2},
    {"two parts of a name", [](Sample& s) { s.image_parts[3].name = "text"; },
     LayoutFault::kDuplicateName, 2},
    {"part with w+x", [](Sample& s) { s.image_parts[0].kernel = Access::kReadWrite; },
     LayoutFault::kWritableAndExecutable, 2},
    {"packed on a page of other rights",
     [](Sample& s) { s.image_parts[3].user = Access::kReadWrite; }, LayoutFault::kPackedRights, 2},
    {"packed on a page without rights",
     [](Sample& s) { s.image_parts[2].start = mm::PartStart::kPacked; }, LayoutFault::kPackedRights,
     2},
    {"stack above data", [](Sample& s) { s.image_parts[1].kernel = Access::kReadWrite; },
     LayoutFault::kStackAboveData, 2},
    {"a process's stack above its heap",
     [](Sample& s) {
       s.rows[1].service = Service::kProgram;
       s.process_parts[1].user = Access::kReadWrite;
     },
     LayoutFault::kStackAboveData, 1},
    {"no address bits", [](Sample& s) { s.layout.shape.address_bits = 0; },
     LayoutFault::kImpossibleShape, 4},
    {"one page is all", [](Sample& s) { s.layout.shape.address_bits = 12; },
     LayoutFault::kImpossibleShape, 4},
    {"more address bits than a word has", [](Sample& s) { s.layout.shape.address_bits = 65; },
     LayoutFault::kImpossibleShape, 4},
    {"pages of another size", [](Sample& s) { s.layout.shape.page_bytes = 0x2000; },
     LayoutFault::kImpossibleShape, 4},
    {"two direct maps",
     [](Sample& s) {
       s.rows[3] = s.rows[2];
       s.rows[3].name = "other";
       s.rows[3].range.base = {0xFFFF'FFFF'8000'0000};
     },
     LayoutFault::kDuplicateService, 3},
    {"a second region for areas",
     [](Sample& s) {
       s.rows[0] = s.rows[3];
       s.rows[0].name = "other";
       s.rows[0].range = {{0x1000}, kPage};
     },
     LayoutFault::kDuplicateService, 3},
    {"direct map that the kernel cannot write",
     [](Sample& s) { s.rows[2].kernel = Access::kRead | Access::kImage; },
     LayoutFault::kMissingRight, 2},
    {"vmalloc without any right", [](Sample& s) { s.rows[3].kernel = Access::kNone; },
     LayoutFault::kMissingRight, 3},
    {"user stack closed to user mode", [](Sample& s) { s.rows[1].user = Access::kNone; },
     LayoutFault::kMissingRight, 1},
    {"direct map of each process", [](Sample& s) { s.rows[2].scope = Scope::kProcess; },
     LayoutFault::kKernelRowNotGlobal, 2},
    {"vmalloc of each thread", [](Sample& s) { s.rows[3].scope = Scope::kThread; },
     LayoutFault::kKernelRowNotGlobal, 3},
    {"stack in every process", [](Sample& s) { s.rows[1].scope = Scope::kGlobal; },
     LayoutFault::kPrivateRowGlobal, 1},
    {"thread control block in every process",
     [](Sample& s) {
       s.rows[0].service = Service::kThreadControl;
       s.rows[0].kernel = Access::kReadWrite;
       s.rows[0].scope = Scope::kGlobal;
     },
     LayoutFault::kPrivateRowGlobal, 0},
    {"devices in the direct map", [](Sample& s) { s.rows[2].caching = Caching::kDevice; },
     LayoutFault::kDevicesAmongRam, 2},
    {"vmalloc for RAM only", [](Sample& s) { s.rows[3].caching = Caching::kNormal; },
     LayoutFault::kNoDevices, 3},
    {"direct map from inside a frame on",
     [](Sample& s) {
       s.layout.direct_map_target = {0x4000'0800};
       s.layout.image_load_base = {0x4001'0800};
     },
     LayoutFault::kTargetNotAligned, 2},
    {"last byte beyond 52 bits, first not",
     [](Sample& s) { s.layout.direct_map_target = {0xF'FFFF'FFF0'1000}; },
     LayoutFault::kBeyondPhysical, 2},
    {"target past 64 bits", [](Sample& s) { s.layout.direct_map_target = {0xFFFF'FFFF'FFFF'F000}; },
     LayoutFault::kBeyondPhysical, 2},
    {"no direct map",
     [](Sample& s) {
       s.rows[2].service = Service::kImage;
       s.rows[2].kernel = Access::kImage;
     },
     LayoutFault::kNoDirectMap, 4},
    {"neither vmalloc nor heap",
     [](Sample& s) {
       s.rows[3].service = Service::kWindow;
       s.rows[3].caching = Caching::kNormal;
     },
     LayoutFault::kNoAreas, 4},
    {"image linked inside a page",
     [](Sample& s) {
       s.layout.image_link_base = {0xFFFF'FFFF'0001'0010};
       s.layout.image_load_base = {0x4001'0010};
     },
     LayoutFault::kImageNotAligned, 2},
    {"image loaded inside a frame", [](Sample& s) { s.layout.image_load_base = {0x4001'0010}; },
     LayoutFault::kImageNotAligned, 2},
};

TEST(LayoutFault, SampleIsSound) { EXPECT_FALSE(Sample().Fault().has_value()); }

TEST(LayoutFault, EachFaultIsFoundInItsRow) {
  for (const Row& row : kRows) {
    Sample sample;
    row.spoil(sample);
    const std::optional<mm::FaultAt> found = sample.Fault();
    EXPECT_TRUE(found.has_value()) << row.name;
    if (!found) continue;
    EXPECT_EQ(mm::LayoutFaultName(found->fault), mm::LayoutFaultName(row.fault)) << row.name;
    EXPECT_EQ(found->row, row.row) << row.name;
  }
}

TEST(LayoutFault, EachFaultHasARow) {
  for (unsigned value = 0; value <= static_cast<unsigned>(LayoutFault::kStackAboveData); ++value) {
    // A sample has four rows; TooManyRows has a test of its own.
    bool has_row = static_cast<LayoutFault>(value) == LayoutFault::kTooManyRows;
    for (const Row& row : kRows) has_row = has_row || row.fault == static_cast<LayoutFault>(value);
    EXPECT_TRUE(has_row) << mm::LayoutFaultName(static_cast<LayoutFault>(value));
  }
}

TEST(LayoutFault, EmptyTable) {
  Sample sample;
  sample.layout.regions = {};
  const std::optional<mm::FaultAt> found = FindFault(sample.layout);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->fault, LayoutFault::kEmpty);
}

TEST(LayoutFault, TooManyRows) {
  const Sample sample;
  std::array<Region, mm::kMaximumRegions + 1> rows;
  rows.fill(sample.rows[0]);
  for (size_t row = 0; row < rows.size(); ++row) rows[row].range.base = {row * kPage};
  std::ranges::copy_backward(std::span(sample.rows).subspan(1), rows.end());
  Layout layout = sample.layout;
  layout.regions = rows;
  const std::optional<mm::FaultAt> found = FindFault(layout);
  ASSERT_TRUE(found.has_value());
  EXPECT_EQ(mm::LayoutFaultName(found->fault), mm::LayoutFaultName(LayoutFault::kTooManyRows));
  EXPECT_EQ(found->row, mm::kMaximumRegions);
  layout.regions = std::span(rows).subspan(1);
  EXPECT_FALSE(FindFault(layout).has_value());
}

TEST(LayoutFault, LastPhysicalByteIsFine) {
  Sample sample;
  sample.layout.direct_map_target = {0xF'FFFF'FFF0'0000};
  sample.layout.image_load_base = {0xF'FFFF'FFF1'0000};
  EXPECT_FALSE(sample.Fault().has_value());
}

TEST(LayoutFault, UnusedRowsMayShareTheirName) {
  Sample sample;
  sample.rows[1] = sample.rows[0];
  sample.rows[1].range.base = {0x10'0000};
  EXPECT_FALSE(sample.Fault().has_value());
}

TEST(LayoutFault, AnImageMayBeSharedPartByPart) {
  Sample sample;
  sample.rows[2].user = Access::kImage;
  EXPECT_FALSE(sample.Fault().has_value());
}

TEST(LayoutFault, LastByteBeforeTheHoleIsFine) {
  Sample sample;
  sample.rows[1].range = {{0x7FFF'FFFF'F000}, kPage};
  EXPECT_FALSE(sample.Fault().has_value());
}

}  // namespace
