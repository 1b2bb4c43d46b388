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
          .regions = {{.name = "queue",
                       .first = {0x9000},
                       .last = {0xFFFF},
                       .user = kRead,
                       .kernel = kReadWrite,
                       .service = Service::kQueue},
                      {.name = "user",
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

// Its control block and queue, and its stack.
const Thread kThread = {
    .name = "2",
    .root = 0x102000,
    .root_bytes = 4096,
    .own = {{{0x8000}, {0xFFFF}}, {{0x70000}, {0x7FFFF}}},
};
const Thread kNeighbour = {.name = "3", .root = 0x103000, .root_bytes = 4096, .own = kThread.own};

// The kernel's alone.
Mapping ControlBlock(uint64_t target) {
  Mapping page = Map(0x8000, 0x1000, target, kNone);
  page.attributes.kernel = kReadWrite;
  return page;
}
Mapping Queue(uint64_t target) { return Map(0x9000, 0x1000, target, kRead); }
Mapping Stack(uint64_t target) { return Map(0x7F000, 0x1000, target, kReadWrite); }
Mapping Data(uint64_t target) { return Map(0x12000, 0x2000, target, kReadWrite); }

struct ThreadRow {
  std::string_view name;
  std::vector<Mapping> runs;
  std::vector<Mapping> runs_of_neighbour;
  std::string_view findings;
};

const std::vector<Mapping> kSound = {ControlBlock(0x500000), Queue(0x501000), Data(0x300000),
                                     Stack(0x502000)};
const std::vector<Mapping> kSoundNeighbour = {ControlBlock(0x600000), Queue(0x601000),
                                              Data(0x300000), Stack(0x602000)};

const ThreadRow kThreadRows[] = {
    {"as it should be", kSound, kSoundNeighbour, ""},
    {"nothing of its own", {Data(0x300000)}, kSoundNeighbour, ""},
    {"the neighbour's control block",
     {ControlBlock(0x600000), Queue(0x501000), Data(0x300000), Stack(0x502000)},
     kSoundNeighbour,
     "8000-8fff : private page shown elsewhere\n"},
    {"its control block where the neighbour has its queue",
     kSound,
     {ControlBlock(0x600000), Queue(0x500000), Data(0x300000)},
     "8000-8fff : private page shown elsewhere\n"},
    {"the neighbour's stack",
     {Data(0x300000), Stack(0x602000)},
     kSoundNeighbour,
     "7f000-7ffff user: private page shown elsewhere\n"},
    {"the neighbour's queue",
     {Queue(0x601000), Data(0x300000)},
     kSoundNeighbour,
     "9000-9fff queue: private page shown elsewhere\n"},
    {"the neighbour's window where it has its queue",
     {Queue(0x601000), Data(0x300000)},
     {Map(0x9000, 0x2000, 0x600000, kRead), Data(0x300000)},
     "9000-9fff queue: private page shown elsewhere\n"},
    {"what only reads may be the neighbour's, too",
     {Map(0xA000, 0x1000, 0x700000, kRead), Data(0x300000)},
     {Map(0xA000, 0x1000, 0x700000, kRead), Data(0x300000)},
     ""},
    {"the process's data on its stack",
     {Data(0x300000), Stack(0x301000)},
     kSoundNeighbour,
     "7f000-7ffff user: private page shown elsewhere\n"},
    {"a page of the process is missing",
     {Map(0x12000, 0x1000, 0x300000, kReadWrite)},
     {},
     "13000-13fff user: thread differs from its process\n"},
    {"all of the process is missing",
     {},
     {},
     "12000-13fff user: thread differs from its process\n"},
    {"a page that the process has not",
     {Data(0x300000), Map(0x14000, 0x1000, 0x800000, kReadWrite)},
     {},
     "14000-14fff user: thread differs from its process\n"},
    {"beside what is its own",
     {Data(0x300000), Map(0x6F000, 0x2000, 0x800000, kReadWrite)},
     {},
     "6f000-6ffff user: thread differs from its process\n"},
    {"another frame", {Data(0x310000)}, {}, "12000-13fff user: thread differs from its process\n"},
    {"other rights",
     {Map(0x12000, 0x2000, 0x300000, kRead)},
     {},
     "12000-13fff user: thread differs from its process\n"},
    {"a page table on its stack",
     {Data(0x300000), Stack(0x101000)},
     {},
     "7f000-7ffff user: page table shown to user mode\n"},
};

TEST(SpaceCheck, Threads) {
  const Layout layout = MakeLayout();
  // Of data, and of what is at the thread's own addresses the process's first stack.
  const std::vector<Mapping> of_process = {Data(0x300000), Stack(0x900000)};
  for (const ThreadRow& row : kThreadRows) {
    SpaceFrames frames;
    frames.Add(kProcess, of_process, std::vector{kTable});
    frames.Add(kThread, row.runs, {});
    frames.Add(kNeighbour, row.runs_of_neighbour, {});
    frames.Seal();
    EXPECT_EQ(Lines(CheckThread(layout, kThread, row.runs, of_process, frames)), row.findings)
        << row.name;
  }
}

}  // namespace
}  // namespace layoutcheck
