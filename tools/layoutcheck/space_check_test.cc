#include "tools/layoutcheck/space_check.h"

#include <format>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/process_list.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

constexpr Rights kRead = Rights::kRead;
constexpr Rights kReadWrite = Rights::kRead | Rights::kWrite;
constexpr Rights kReadExecute = Rights::kRead | Rights::kExecute;
constexpr Rights kNone = Rights::kNone;

Layout MakeLayout() {
  return {.name = "trial",
          .digest = "",
          .address_bits = 32,
          .high_bits = HighBits::kZero,
          .regions = {{.name = "user",
                       .first = {0x10000},
                       .last = {0x7FFFFFFF},
                       .user = Rights::kAll,
                       .kernel = kNone}},
          .direct_map_target = {},
          .image_link_base = {},
          .image_load_base = {}};
}

// Code, data, a hole of a page, shared memory, and pages that are closed.
const Process kProcess = {.name = "1 trial",
                          .root = 0x100000,
                          .root_bytes = 4096,
                          .areas = {
                              {{0x10000}, {0x11FFF}, kReadExecute, Sharing::kPrivate},
                              {{0x12000}, {0x13FFF}, Rights::kWrite, Sharing::kPrivate},
                              {{0x15000}, {0x16FFF}, kReadWrite, Sharing::kShared},
                              {{0x17000}, {0x18FFF}, kNone, Sharing::kPrivate},
                              {{0x40000}, {0x43FFF}, kReadWrite, Sharing::kGlobal},
                          }};

constexpr PhysicalAddress kTable = {0x101000};

Mapping Map(uint64_t first, uint64_t bytes, uint64_t target, Rights user,
            Reach reach = Reach::kOneSpace) {
  return {.first = {first},
          .bytes = bytes,
          .target = {target},
          .page_bytes = kPageBytes,
          .attributes = {user, user, reach, Cache::kWriteBack},
          .entries = bytes / kPageBytes};
}

struct Row {
  std::string_view name;
  std::vector<Mapping> runs;
  std::vector<Mapping> others;  // another process's
  std::string_view findings;
};

const Row kRows[] = {
    {"nothing", {}, {}, ""},
    {"as the areas say",
     {Map(0x10000, 0x2000, 0x200000, kReadExecute), Map(0x12000, 0x2000, 0x300000, kReadWrite),
      Map(0x15000, 0x1000, 0x400000, kReadWrite)},
     {Map(0x15000, 0x1000, 0x400000, kReadWrite), Map(0x10000, 0x2000, 0x200000, kReadExecute)},
     ""},
    {"less than the areas say",
     {Map(0x10000, 0x1000, 0x200000, kRead), Map(0x12000, 0x1000, 0x300000, kRead)},
     {Map(0x12000, 0x1000, 0x300000, kRead)},
     ""},
    {"in the hole",
     {Map(0x14000, 0x1000, 0x300000, kRead)},
     {},
     "14000-14fff user: user page outside every area\n"},
    {"from an area across the hole to the next one",
     {Map(0x13000, 0x3000, 0x300000, kReadWrite)},
     {},
     "14000-14fff user: user page outside every area\n"},
    {"above all areas",
     {Map(0x19000, 0x2000, 0x300000, kRead)},
     {},
     "19000-1afff user: user page outside every area\n"},
    {"across the last area's end",
     {Map(0x15000, 0x2000, 0x400000, kReadWrite), Map(0x18000, 0x2000, 0x300000, kRead)},
     {},
     "18000-18fff user: more access than the area allows\n"
     "19000-19fff user: user page outside every area\n"},
    {"code that may be written",
     {Map(0x10000, 0x1000, 0x200000, Rights::kAll)},
     {},
     "10000-10fff user: more access than the area allows\n"},
    {"data that may be executed",
     {Map(0x12000, 0x1000, 0x200000, kReadExecute)},
     {},
     "12000-12fff user: more access than the area allows\n"},
    {"the kernel's, and what every process has",
     {Map(0x14000, 0x1000, 0x300000, kNone), Map(0x19000, 0x1000, 0x300000, kRead, Reach::kGlobal)},
     {},
     ""},
    {"a private page that another process has, too",
     {Map(0x12000, 0x2000, 0x300000, kReadWrite)},
     {Map(0x20000, 0x1000, 0x301000, kRead)},
     "13000-13fff user: private page shown elsewhere\n"},
    {"a private page twice in one process",
     {Map(0x12000, 0x1000, 0x300000, kReadWrite), Map(0x13000, 0x1000, 0x300000, kRead)},
     {},
     "12000-12fff user: private page shown elsewhere\n"},
    {"the last page of a larger run",
     {Map(0x12000, 0x1000, 0x303000, kReadWrite)},
     {Map(0x20000, 0x4000, 0x300000, kRead), Map(0x30000, 0x1000, 0x301000, kRead)},
     "12000-12fff user: private page shown elsewhere\n"},
    {"global shared memory, of which each has some",
     {Map(0x40000, 0x2000, 0x500000, kReadWrite)},
     {Map(0x41000, 0x3000, 0x501000, kReadWrite)},
     ""},
    {"two pages of global shared memory that another process has elsewhere",
     {Map(0x40000, 0x4000, 0x500000, kReadWrite)},
     {Map(0x40000, 0x1000, 0x500000, kReadWrite), Map(0x41000, 0x2000, 0x502000, kRead)},
     "41000-41fff user: shared page differs between processes\n"
     "42000-42fff user: shared page differs between processes\n"},
    {"a page table",
     {Map(0x12000, 0x2000, 0x100000, kRead)},
     {},
     "13000-13fff user: page table shown to user mode\n"},
    {"a page table, for everybody",
     {Map(0x12000, 0x2000, 0x101000, kRead, Reach::kGlobal)},
     {},
     "12000-12fff user: page table shown to user mode\n"},
};

std::string Lines(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    text += std::format("{:x}-{:x} {}: {}\n", finding.first.value, finding.last.value,
                        finding.region, Text(finding.kind));
  }
  return text;
}

TEST(SpaceCheck, Rows) {
  const Layout layout = MakeLayout();
  for (const Row& row : kRows) {
    SpaceFrames frames;
    frames.Add(kProcess, row.others, {});
    frames.Add(kProcess, row.runs, std::vector{kTable});
    frames.Seal();
    EXPECT_EQ(Lines(CheckSpace(layout, kProcess, row.runs, frames)), row.findings) << row.name;
  }
}

}  // namespace
}  // namespace layoutcheck
