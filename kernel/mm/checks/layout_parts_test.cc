#include "kernel/mm/checks/layout_parts.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using mm::FromFirstToLast;
using mm::Mapping;
using mm::VirtAddr;
using mm::VirtRange;
using mm::layout_parts::Coverage;
using mm::layout_parts::RunMerger;
using mm::layout_parts::SplitBy;

constexpr uint64_t kTop = 0xFFFF'FFFF'FFFF'FFFF;

constexpr VirtRange Between(uint64_t first, uint64_t last) {
  return FromFirstToLast(VirtAddr{first}, VirtAddr{last});
}

constexpr std::array<VirtRange, 3> kItems = {Between(0x10, 0x1F), Between(0x20, 0x2F),
                                             Between(kTop - 0xF, kTop)};

struct Part {
  uint64_t first;
  uint64_t last;
  int item;  // -1: between items
};

struct SplitRow {
  std::string_view name;
  VirtRange whole;
  std::array<Part, 5> parts;
  size_t count;
};

constexpr SplitRow kSplitRows[] = {
    {"before all", Between(0, 0xF), {{{0, 0xF, -1}}}, 1},
    {"inside one", Between(0x12, 0x13), {{{0x12, 0x13, 0}}}, 1},
    {"exactly one", Between(0x20, 0x2F), {{{0x20, 0x2F, 1}}}, 1},
    {"two neighbours", Between(0x1F, 0x20), {{{0x1F, 0x1F, 0}, {0x20, 0x20, 1}}}, 2},
    {"all",
     Between(0, kTop - 1),
     {{{0, 0xF, -1},
       {0x10, 0x1F, 0},
       {0x20, 0x2F, 1},
       {0x30, kTop - 0x10, -1},
       {kTop - 0xF, kTop - 1, 2}}},
     5},
    {"up to the top",
     Between(kTop - 0x10, kTop),
     {{{kTop - 0x10, kTop - 0x10, -1}, {kTop - 0xF, kTop, 2}}},
     2},
    {"between", Between(0x30, 0x40), {{{0x30, 0x40, -1}}}, 1},
};

TEST(LayoutParts, SplitBy) {
  for (const SplitRow& row : kSplitRows) {
    size_t seen = 0;
    SplitBy(
        row.whole, std::span<const VirtRange>(kItems), [](const VirtRange& item) { return item; },
        [&](const VirtRange& part, const VirtRange* item) {
          ASSERT_LT(seen, row.count) << row.name;
          const Part& wanted = row.parts[seen++];
          EXPECT_EQ(part, Between(wanted.first, wanted.last)) << row.name;
          const VirtRange* const wanted_item =
              wanted.item < 0 ? nullptr : &kItems[static_cast<size_t>(wanted.item)];
          EXPECT_EQ(item, wanted_item) << row.name;
        });
    EXPECT_EQ(seen, row.count) << row.name;
  }
}

struct CoverRow {
  std::string_view name;
  std::array<VirtRange, 2> covered;
  std::array<VirtRange, 3> gaps;
  size_t gap_count;
};

constexpr VirtRange kNothing = {};

constexpr CoverRow kCoverRows[] = {
    {"nothing", {kNothing, kNothing}, {Between(kTop - 0xFF, kTop)}, 1},
    {"everything", {Between(kTop - 0xFF, kTop), kNothing}, {}, 0},
    {"both halves", {Between(kTop - 0xFF, kTop - 0x80), Between(kTop - 0x7F, kTop)}, {}, 0},
    {"two islands",
     {Between(kTop - 0xF0, kTop - 0xE0), Between(kTop - 0x10, kTop - 1)},
     {Between(kTop - 0xFF, kTop - 0xF1), Between(kTop - 0xDF, kTop - 0x11), Between(kTop, kTop)},
     3},
};

TEST(LayoutParts, CoverageUpToTheTop) {
  for (const CoverRow& row : kCoverRows) {
    size_t seen = 0;
    const auto on_gap = [&](const VirtRange& gap) {
      ASSERT_LT(seen, row.gap_count) << row.name;
      EXPECT_EQ(gap, row.gaps[seen++]) << row.name;
    };
    Coverage coverage(Between(kTop - 0xFF, kTop));
    for (const VirtRange& part : row.covered) coverage.Cover(part, on_gap);
    coverage.Finish(on_gap);
    EXPECT_EQ(seen, row.gap_count) << row.name;
  }
}

constexpr Mapping Page(uint64_t va, uint64_t pa, mm::Access access) {
  return {{{va}, 0x1000}, {pa}, {.kernel = access}, 0x1000};
}

TEST(LayoutParts, RunMerger) {
  constexpr auto kRead = mm::Access::kRead;
  constexpr auto kWrite = mm::Access::kReadWrite;
  constexpr Mapping kMappings[] = {
      Page(0x1000, 0x5000, kRead),  Page(0x2000, 0x6000, kRead),  // continue each other
      Page(0x3000, 0x7000, kWrite),                               // other rights
      Page(0x4000, 0x9000, kWrite),                               // other memory
      Page(0x6000, 0xB000, kWrite),                               // a gap
  };
  constexpr uint64_t kEntries[] = {2, 1, 1, 1};
  size_t runs = 0;
  const auto use = [&](const mm::layout_parts::Run& run) {
    ASSERT_LT(runs, std::size(kEntries));
    EXPECT_EQ(run.entries, kEntries[runs]);
    EXPECT_EQ(run.mapping.range.size_bytes, kEntries[runs] * 0x1000);
    ++runs;
  };
  RunMerger merger(use);
  for (const Mapping& mapping : kMappings) merger.Add(mapping);
  merger.Finish();
  merger.Finish();
  EXPECT_EQ(runs, std::size(kEntries));
}

}  // namespace
