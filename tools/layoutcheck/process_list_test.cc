#include "tools/layoutcheck/process_list.h"

#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

TEST(ProcessList, ReadsProcessesWithTheirAreas) {
  const auto processes = ReadProcesses(
      "process 1 0x0000000001140000 4096 init\n"
      "00400000-00402000 r-xp 00000000 00:01 3          /init\n"
      "00402000-00403000 rw-s 00000000 00:00 0\n"
      "40000000-40002000 rw-s 00000000 00:00 0          [shared]\n"
      "fffffffffffff000-00000000 ---p 00000000 00:00 0\n"
      "thread 3 0x0000000001150000 4096 0x0000000000000000-0x00000000001fffff\n"
      "thread 4 0x1160000 4096 0x0-0x1fffff 0x7fffff000000-0x7fffffffffff\n"
      "process 12 0x40064000 128 two words\n");
  ASSERT_TRUE(processes.has_value()) << processes.error();
  const std::vector<Process> wanted = {
      {.name = "1 init",
       .root = 0x1140000,
       .root_bytes = 4096,
       .areas = {{{0x400000}, {0x401FFF}, Rights::kRead | Rights::kExecute, Sharing::kPrivate},
                 {{0x402000}, {0x402FFF}, Rights::kRead | Rights::kWrite, Sharing::kShared},
                 {{0x40000000}, {0x40001FFF}, Rights::kRead | Rights::kWrite, Sharing::kGlobal},
                 {{0xFFFFFFFFFFFFF000}, {~uint64_t{0}}, Rights::kNone, Sharing::kPrivate}},
       .threads = {{.name = "3", .root = 0x1150000, .root_bytes = 4096, .own = {{{0}, {0x1FFFFF}}}},
                   {.name = "4",
                    .root = 0x1160000,
                    .root_bytes = 4096,
                    .own = {{{0}, {0x1FFFFF}}, {{0x7FFFFF000000}, {0x7FFFFFFFFFFF}}}}}},
      {.name = "12 two words", .root = 0x40064000, .root_bytes = 128, .areas = {}},
  };
  EXPECT_EQ(*processes, wanted);
}

TEST(ProcessList, MayBeEmpty) {
  const auto processes = ReadProcesses("");
  ASSERT_TRUE(processes.has_value());
  EXPECT_TRUE(processes->empty());
}

struct Row {
  std::string_view text;
  std::string_view refusal;
};

const Row kRows[] = {
    {"process 1 0x1000 4096 init", "line 1: has no end"},
    {"process one 0x1000 4096 init\n", "line 1: is not 'process NUMBER ROOT BYTES NAME'"},
    {"process 1 1000 4096 init\n", "line 1: is not 'process NUMBER ROOT BYTES NAME'"},
    {"process 1 0x1000 init\n", "line 1: is not 'process NUMBER ROOT BYTES NAME'"},
    {"\n", "line 1: is neither a process nor an area"},
    {"process 1 0x1000 4096 init\n1000-2000 rwx\n", "line 2: is neither a process nor an area"},
    {"process 1 0x1000 4096 init\n1000-2000 rwxq \n", "line 2: is neither a process nor an area"},
    {"process 1 0x1000 4096 init\n1000-2000 wrxp \n", "line 2: is neither a process nor an area"},
    {"process 1 0x1000 4096 init\n2000-2000 rw-p \n", "line 2: is neither a process nor an area"},
    {"thread 3 0x1000 4096 0x0-0xfff\n", "line 1: is a thread of no process"},
    {"process 1 0x1000 4096 init\nthread 3 0x1000\n",
     "line 2: is not 'thread NUMBER ROOT BYTES FIRST-LAST...'"},
    {"process 1 0x1000 4096 init\nthread 3 0x1000 4096 0x2000-0x1fff\n",
     "line 2: is not 'thread NUMBER ROOT BYTES FIRST-LAST...'"},
    {"1000-2000 rw-p 0\n", "line 1: is an area of no process"},
    {"process 1 0x1000 4096 init\n1000-3000 rw-p \n2000-4000 r--p \n",
     "line 3: is not above the area before"},
};

TEST(ProcessList, Refusals) {
  for (const Row& row : kRows) {
    const auto processes = ReadProcesses(row.text);
    ASSERT_FALSE(processes.has_value()) << row.text;
    EXPECT_EQ(processes.error(), row.refusal);
  }
}

}  // namespace
}  // namespace layoutcheck
