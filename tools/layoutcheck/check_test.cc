#include "tools/layoutcheck/check.h"

#include <algorithm>
#include <format>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"

namespace layoutcheck {
namespace {

constexpr Rights kRead = Rights::kRead;
constexpr Rights kReadWrite = Rights::kRead | Rights::kWrite;
constexpr Rights kReadExecute = Rights::kRead | Rights::kExecute;
constexpr Rights kNone = Rights::kNone;

// RAM from 0x100000 to 0x4fffff, of which the direct map shows the first 2 MiB at 0x40000000.
Layout MakeLayout() {
  return {.name = "trial",
          .digest = "",
          .address_bits = 32,
          .high_bits = HighBits::kZero,
          .regions =
              {
                  {.name = "unused",
                   .first = {0},
                   .last = {0xFFFF},
                   .user = kNone,
                   .kernel = kNone,
                   .service = Service::kUnused},
                  {.name = "user",
                   .first = {0x10000},
                   .last = {0x1FFFF},
                   .user = Rights::kAll,
                   .kernel = kNone,
                   .guards = Guards::kBelow,
                   .reach = Reach::kOneSpace},
                  {.name = "data",
                   .first = {0x30000},
                   .last = {0x3FFFF},
                   .user = kRead,
                   .kernel = kReadWrite},
                  {.name = "direct",
                   .first = {0x40000000},
                   .last = {0x401FFFFF},
                   .user = kNone,
                   .kernel = kReadWrite,
                   .service = Service::kDirectMap,
                   .reach = Reach::kGlobal,
                   .caching = Caching::kNormal},
                  {.name = "image",
                   .first = {0x50000000},
                   .last = {0x500FFFFF},
                   .user = kNone,
                   .kernel = Rights::kAll},
                  {.name = "areas",
                   .first = {0xF0000000},
                   .last = {0xF000FFFF},
                   .user = kNone,
                   .kernel = kReadWrite,
                   .guards = Guards::kAround,
                   .caching = Caching::kMixed},
                  {.name = "behind",
                   .first = {0xF0010000},
                   .last = {0xFFFFFFFF},
                   .user = kNone,
                   .kernel = kReadWrite},
              },
          .direct_map_target = PhysicalAddress{0x100000},
          .image_link_base = VirtualAddress{0x50001000},
          .image_load_base = PhysicalAddress{0x400000}};
}

const std::vector<PhysicalRange> kRam = {{{0x100000}, {0x4FFFFF}}};

Mapping Map(uint64_t first, uint64_t bytes, uint64_t target, Rights user, Rights kernel,
            Reach reach = Reach::kOneSpace, Cache cache = Cache::kWriteBack) {
  return {.first = {first},
          .bytes = bytes,
          .target = {target},
          .page_bytes = kPageBytes,
          .attributes = {user, kernel, reach, cache},
          .entries = bytes / kPageBytes};
}

Mapping Direct(uint64_t offset, uint64_t bytes, Rights kernel = kReadWrite) {
  return Map(0x40000000 + offset, bytes, 0x100000 + offset, kNone, kernel, Reach::kGlobal);
}

Mapping Image() { return Map(0x50001000, 0x1000, 0x400000, kNone, kReadExecute); }

Mapping Device(uint64_t first, uint64_t target) {
  return Map(first, 0x1000, target, kNone, kReadWrite, Reach::kOneSpace, Cache::kDevice);
}

std::string Lines(const CheckReport& report) {
  std::string text;
  for (const Finding& finding : report.findings) {
    text += std::format("{:x}-{:x} {}: {}\n", finding.first.value, finding.last.value,
                        finding.region, Text(finding.kind));
  }
  return text;
}

struct Row {
  std::string_view name;
  std::vector<Mapping> more;  // besides the direct map and the image
  std::string_view findings;
};

const Row kRows[] = {
    {"nothing", {}, ""},
    {"everything allowed",
     {
         Map(0x10000, 0x1000, 0x300000, kReadExecute, kReadExecute),
         Map(0x12000, 0x1000, 0x301000, kReadWrite, kReadWrite),
         Map(0x30000, 0x1000, 0x302000, kRead, kReadWrite),
         Map(0x31000, 0x1000, 0x303000, kRead, kRead),
         Device(0xF0001000, 0x9000000),
     },
     ""},
    {"outside",
     {Map(0x20000, 0x1000, 0x300000, kNone, kRead)},
     "20000-20fff : mapping outside every region\n"},
    {"half outside",
     {Map(0x1F000, 0x2000, 0x300000, kRead, kRead)},
     "20000-20fff : mapping outside every region\n"},
    {"across a hole between regions",
     {Map(0x1F000, 0x12000, 0x300000, kRead, kRead)},
     "20000-2ffff : mapping outside every region\n"},
    {"in the unused region",
     {Map(0x1000, 0x1000, 0x300000, kNone, kRead)},
     "1000-1fff unused: mapping in an unused region\n"},
    {"from the unused region up",
     {Map(0xF000, 0x3000, 0x300000, kRead, kRead)},
     "f000-ffff unused: mapping in an unused region\n10000-10fff user: no guard page\n"},
    {"kernel page in a user region is its own fault only",
     {Map(0x10000, 0x1000, 0x300000, kNone, kReadWrite)},
     ""},
    {"user may not write",
     {Map(0x30000, 0x1000, 0x300000, kReadWrite, kReadWrite)},
     "30000-30fff data: more access than the region allows\n"},
    {"kernel may not execute",
     {Map(0x30000, 0x1000, 0x300000, kNone, kReadExecute)},
     "30000-30fff data: more access than the region allows\n"},
    {"user page in a kernel region",
     {Map(0x50010000, 0x1000, 0x300000, kRead, kRead)},
     "50010000-50010fff image: user access\n"},
    {"writable and executable",
     {Map(0x50010000, 0x1000, 0x300000, kNone, Rights::kAll)},
     "50010000-50010fff image: writable and executable\n"},
    {"writable by the kernel, executable by the user",
     {Map(0x10000, 0x1000, 0x300000, kReadExecute, kReadWrite)},
     "10000-10fff user: writable and executable\n"},
    {"alias of kernel code",
     {Map(0x30000, 0x2000, 0x3FF000, kNone, kReadWrite)},
     "31000-31fff data: writable alias of code\n"},
    {"kernel code shown writable by the direct map",
     {Map(0x50010000, 0x1000, 0x140000, kNone, kReadExecute)},
     "40040000-40040fff direct: writable alias of code\n"},
    {"user code shown writable by the direct map",
     {Map(0x10000, 0x1000, 0x140000, kReadExecute, kRead)},
     ""},
    {"user code writable elsewhere",
     {Map(0x10000, 0x1000, 0x300000, kReadExecute, kRead),
      Map(0x12000, 0x1000, 0x300000, kReadWrite, kReadWrite)},
     "12000-12fff user: writable alias of code\n"},
    {"global page of a process",
     {Map(0x10000, 0x1000, 0x300000, kRead, kRead, Reach::kGlobal)},
     "10000-10fff user: wrong scope\n"},
    {"device among cached",
     {Map(0xF0001000, 0x1000, 0x9000000, kNone, kReadWrite)},
     "f0001000-f0001fff areas: wrong caching\n"},
    {"RAM as a device", {Device(0xF0001000, 0x300000)}, "f0001000-f0001fff areas: wrong caching\n"},
    {"any caching where none is given", {Map(0x30000, 0x1000, 0x9000000, kNone, kRead)}, ""},
    {"no guard between devices",
     {Device(0xF0001000, 0x9000000), Device(0xF0002000, 0x9002000)},
     "f0002000-f0002fff areas: no guard page\n"},
    {"no guard between a device and RAM",
     {Device(0xF0001000, 0x9000000), Map(0xF0002000, 0x1000, 0x300000, kNone, kReadWrite)},
     "f0002000-f0002fff areas: no guard page\n"},
    {"one area of scattered frames",
     {Map(0xF0001000, 0x1000, 0x300000, kNone, kReadWrite),
      Map(0xF0002000, 0x1000, 0x308000, kNone, kReadWrite)},
     ""},
    {"last page without a guard",
     {Map(0xF000F000, 0x2000, 0x300000, kNone, kReadWrite)},
     "f000f000-f000ffff areas: no guard page\n"},
    {"last page without a guard, two runs",
     {Map(0xF000F000, 0x1000, 0x300000, kNone, kReadWrite),
      Map(0xF0010000, 0x1000, 0x308000, kNone, kReadWrite)},
     "f000f000-f000ffff areas: no guard page\n"},
    {"last page, nothing behind", {Map(0xF000F000, 0x1000, 0x300000, kNone, kReadWrite)}, ""},
    {"the last byte of all", {Map(0xFFFFF000, 0x1000, 0x300000, kNone, kReadWrite)}, ""},
    {"neighbours of a kind are one",
     {Map(0x30000, 0x1000, 0x300000, kReadWrite, kReadWrite),
      Map(0x31000, 0x1000, 0x308000, kReadWrite, kReadWrite)},
     "30000-31fff data: more access than the region allows\n"},
};

CheckReport Check(const Layout& layout, std::vector<Mapping> runs,
                  const std::vector<WalkFault>& faults = {}) {
  std::ranges::sort(runs, {}, &Mapping::first);
  return CheckLayout({.layout = layout, .ram = kRam, .runs = runs, .walk_faults = faults});
}

TEST(Check, Mappings) {
  const Layout layout = MakeLayout();
  for (const Row& row : kRows) {
    std::vector<Mapping> runs = row.more;
    runs.push_back(Direct(0, 0x200000));
    runs.push_back(Image());
    EXPECT_EQ(Lines(Check(layout, runs)), row.findings) << row.name;
  }
}

struct DirectRow {
  std::string_view name;
  std::vector<Mapping> runs;
  std::string_view findings;
};

const DirectRow kDirectRows[] = {
    {"whole", {Direct(0, 0x200000)}, ""},
    {"a part that nobody may read",
     {Direct(0, 0x80000), Direct(0x80000, 0x8000, kNone), Direct(0x88000, 0x178000)},
     "40080000-40087fff direct: hole in the direct map\n"},
    {"nothing", {}, "40000000-401fffff direct: hole in the direct map\n"},
    {"one page missing may be a guard", {Direct(0, 0x4000), Direct(0x5000, 0x1FB000)}, ""},
    {"two pages missing",
     {Direct(0, 0x4000), Direct(0x6000, 0x1FA000)},
     "40004000-40005fff direct: hole in the direct map\n"},
    {"a mebibyte at the end", {Direct(0, 0x100000)}, ""},
    {"more at the end", {Direct(0, 0xFF000)}, "400ff000-401fffff direct: hole in the direct map\n"},
    {"a mebibyte at the start", {Direct(0x100000, 0x100000)}, ""},
    {"rights do not matter", {Direct(0, 0x100000, kRead), Direct(0x100000, 0x100000)}, ""},
    {"other memory",
     {Map(0x40000000, 0x200000, 0x180000, kNone, kReadWrite, Reach::kGlobal)},
     "40000000-401fffff direct: direct map shows other memory\n"
     "40000000-401fffff direct: hole in the direct map\n"},
};

TEST(Check, DirectMap) {
  const Layout layout = MakeLayout();
  for (const DirectRow& row : kDirectRows) {
    std::vector<Mapping> runs = row.runs;
    runs.push_back(Image());
    const std::string found = Lines(Check(layout, runs));
    if (row.name == "other memory") {
      EXPECT_EQ(found.size(), row.findings.size()) << found;
    } else {
      EXPECT_EQ(found, row.findings) << row.name;
    }
  }
}

TEST(Check, Image) {
  const Layout layout = MakeLayout();
  EXPECT_EQ(Lines(Check(layout, {Direct(0, 0x200000)})),
            "50001000-50001000 image: image is elsewhere\n");
  EXPECT_EQ(Lines(Check(layout, {Direct(0, 0x200000),
                                 Map(0x50000000, 0x2000, 0x400000, kNone, kReadExecute)})),
            "50001000-50001000 image: image is elsewhere\n");
  EXPECT_EQ(Lines(Check(layout, {Direct(0, 0x200000),
                                 Map(0x50000000, 0x2000, 0x3FF000, kNone, kReadExecute)})),
            "");
}

// Code in the image's region is the kernel's, whoever else may run it.
TEST(Check, SharedText) {
  Layout layout = MakeLayout();
  layout.regions[4].user = Rights::kAll;
  layout.image_parts = {{"text", kReadExecute, kReadExecute}, {"rest", kNone, kNone}};
  const Mapping text = Map(0x50001000, 0x1000, 0x400000, kReadExecute, kReadExecute);
  EXPECT_EQ(Lines(Check(layout, {Direct(0, 0x200000), text})), "");
  EXPECT_EQ(Lines(Check(layout, {Direct(0, 0x200000), Image()})),
            "50001000-50001fff image: not the rights of the image's part\n");
  layout.image_load_base = PhysicalAddress{0x180000};
  const Mapping shown = Map(0x50001000, 0x1000, 0x180000, kReadExecute, kReadExecute);
  EXPECT_EQ(Lines(Check(layout, {Direct(0, 0x200000), shown})),
            "40080000-40080fff direct: writable alias of code\n");
}

// What processes share, each of them maps for itself.
TEST(Check, SharedMemory) {
  Layout layout = MakeLayout();
  layout.regions[2] = {.name = "shared",
                       .first = {0x30000},
                       .last = {0x3FFFF},
                       .user = kReadWrite,
                       .kernel = kReadWrite,
                       .service = Service::kShared,
                       .reach = Reach::kGlobal};
  for (const Reach reach : {Reach::kOneSpace, Reach::kGlobal}) {
    const Mapping page = Map(0x30000, 0x1000, 0x300000, kReadWrite, kReadWrite, reach);
    EXPECT_EQ(Lines(Check(layout, {page, Direct(0, 0x200000), Image()})),
              reach == Reach::kGlobal ? "30000-30fff shared: wrong scope\n" : "");
  }
}

TEST(Check, BrokenTables) {
  const CheckReport report = Check(MakeLayout(), {Direct(0, 0x200000), Image()},
                                   {{{0x30000}, "no memory"}, {{0x20000}, "loop"}});
  ASSERT_EQ(report.findings.size(), 2u);
  EXPECT_EQ(report.findings[0],
            (Finding{FaultKind::kBrokenTable, "", {0x20000}, {0x20000}, "loop"}));
  EXPECT_EQ(report.findings[1],
            (Finding{FaultKind::kBrokenTable, "data", {0x30000}, {0x30000}, "no memory"}));
}

TEST(Check, Counts) {
  Mapping large = Direct(0, 0x200000);
  large.entries = 1;
  large.page_bytes = 0x200000;
  const CheckReport report =
      Check(MakeLayout(), {large, Image(), Map(0x10000, 0x3000, 0x300000, kRead, kRead)});
  EXPECT_EQ(report.mappings, 5u);
  ASSERT_EQ(report.regions.size(), 7u);
  EXPECT_EQ(report.regions[1].pages, 3u);
  EXPECT_EQ(report.regions[1].mappings, 3u);
  EXPECT_EQ(report.regions[3].pages, 512u);
  EXPECT_EQ(report.regions[3].mappings, 1u);
  EXPECT_EQ(report.notes, (std::vector<std::string>{
                              "direct: RAM not shown, and no fault: 0 single pages, 0 KiB at "
                              "ends of RAM"}));
}

TEST(Check, DetailsSayWhatIs) {
  const CheckReport report =
      Check(MakeLayout(),
            {Direct(0, 0x200000), Image(), Map(0x30000, 0x1000, 0x300000, kReadWrite, kReadWrite)});
  ASSERT_EQ(report.findings.size(), 1u);
  EXPECT_EQ(report.findings[0].detail, "user rw- kernel rw-, allowed user r-- kernel rw-");
}

}  // namespace
}  // namespace layoutcheck
