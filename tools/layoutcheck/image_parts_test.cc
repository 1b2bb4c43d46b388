#include "tools/layoutcheck/image_parts.h"

#include <format>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

constexpr Rights kNone = Rights::kNone;
constexpr Rights kRead = Rights::kRead;
constexpr Rights kReadWrite = Rights::kRead | Rights::kWrite;
constexpr Rights kReadExecute = Rights::kRead | Rights::kExecute;

// One region of nine pages, whose image begins with its second.
Layout MakeLayout() {
  return {.name = "trial",
          .digest = "",
          .address_bits = 32,
          .high_bits = HighBits::kZero,
          .regions = {{.name = "kernel",
                       .first = {0},
                       .last = {0x8FFF},
                       .user = Rights::kAll,
                       .kernel = Rights::kAll}},
          .image_parts = {{"text", kReadExecute, kReadExecute},
                          {"data", kNone, kReadWrite},
                          {"closed", kNone, kNone},
                          {"stack", kNone, kReadWrite},
                          {"heap", kNone, kReadWrite}},
          .direct_map_target = {},
          .image_link_base = VirtualAddress{0x1000},
          .image_load_base = PhysicalAddress{0x1000}};
}

Mapping Map(uint64_t first, uint64_t bytes, Rights user, Rights kernel) {
  return {.first = {first},
          .bytes = bytes,
          .target = {first},
          .page_bytes = kPageBytes,
          .attributes = {.user = user, .kernel = kernel},
          .entries = bytes / kPageBytes};
}

struct Row {
  std::string_view name;
  std::vector<Mapping> runs;
  std::string_view findings;
};

const Mapping kText = Map(0x1000, 0x2000, kReadExecute, kReadExecute);
const Mapping kData = Map(0x3000, 0x1000, kNone, kReadWrite);
const Mapping kHeap = Map(0x5000, 0x4000, kNone, kReadWrite);

const Row kRows[] = {
    {"in order", {kText, kData, kHeap}, ""},
    {"below the image nobody looks", {Map(0, 0x1000, kRead, kRead), kText, kData, kHeap}, ""},
    {"holes in the last part",
     {kText, kData, Map(0x5000, 0x1000, kNone, kReadWrite), Map(0x7000, 0x1000, kNone, kReadWrite)},
     ""},
    {"user bit in the data",
     {kText, Map(0x3000, 0x1000, kRead, kReadWrite), kHeap},
     "3000-3fff: user r-- kernel rw-, where part 'text' has user r-x kernel r-x\n"
     "4000-4fff: user --- kernel ---, where part 'text' has user r-x kernel r-x\n"
     "8fff-8fff: nothing has the rights of part 'closed', user --- kernel ---\n"},
    {"user bit in the heap",
     {kText, kData, Map(0x5000, 0x1000, kReadWrite, kReadWrite),
      Map(0x6000, 0x3000, kNone, kReadWrite)},
     "user access 5000-5fff: user rw- kernel rw-, where part 'closed' has user --- kernel ---\n"},
    {"above its region nobody looks",
     {kText, kData, kHeap, Map(0x9000, 0x1000, kNone, kReadExecute)},
     ""},
    {"nothing closed below the stack",
     {kText, Map(0x3000, 0x6000, kNone, kReadWrite)},
     "8fff-8fff: nothing has the rights of part 'closed', user --- kernel ---\n"},
    {"code behind the heap's start",
     {kText, kData, Map(0x5000, 0x1000, kNone, kReadWrite),
      Map(0x6000, 0x1000, kReadExecute, kReadExecute), Map(0x7000, 0x2000, kNone, kReadWrite)},
     "user access 6000-6fff: user r-x kernel r-x, where part 'heap' has user --- kernel rw-\n"},
    {"nothing at all",
     {},
     "1000-8fff: user --- kernel ---, where part 'text' has user r-x kernel r-x\n"
     "8fff-8fff: nothing has the rights of part 'data', user --- kernel rw-\n"},
};

std::string Lines(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    if (finding.kind == FaultKind::kUserAccess) text += "user access ";
    EXPECT_EQ(finding.region, "kernel");
    text += std::format("{:x}-{:x}: {}\n", finding.first.value, finding.last.value, finding.detail);
  }
  return text;
}

TEST(ImageParts, Rows) {
  for (const Row& row : kRows) {
    EXPECT_EQ(Lines(CheckImageParts(MakeLayout(), row.runs)), row.findings) << row.name;
  }
}

TEST(ImageParts, NothingToCompareWith) {
  Layout layout = MakeLayout();
  layout.image_parts.clear();
  EXPECT_TRUE(CheckImageParts(layout, {}).empty());
  layout = MakeLayout();
  layout.image_link_base.reset();
  EXPECT_TRUE(CheckImageParts(layout, {}).empty());
}

}  // namespace
}  // namespace layoutcheck
