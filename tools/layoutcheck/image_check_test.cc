#include "tools/layoutcheck/image_check.h"

#include <format>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/elf_image.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"

namespace layoutcheck {
namespace {

constexpr Rights kRead = Rights::kRead;
constexpr Rights kReadWrite = Rights::kRead | Rights::kWrite;
constexpr Rights kReadExecute = Rights::kRead | Rights::kExecute;

Layout MakeLayout() {
  return {.name = "trial",
          .digest = "",
          .address_bits = 32,
          .high_bits = HighBits::kZero,
          .regions =
              {
                  {.name = "image",
                   .first = {0x50000000},
                   .last = {0x500FFFFF},
                   .user = Rights::kNone,
                   .kernel = Rights::kAll},
                  {.name = "other",
                   .first = {0x60000000},
                   .last = {0x600FFFFF},
                   .user = Rights::kAll,
                   .kernel = Rights::kAll},
              },
          .direct_map_target = {},
          .image_link_base = VirtualAddress{0x50001000},
          .image_load_base = {}};
}

// Two pages of code, one of constants, four of data: of these one in the file and one a guard. And
// one that nobody may use.
const ElfImage kImage = {
    .segments = {{{0x50001000}, 0x2000, 0x2000, kReadExecute},
                 {{0x50003000}, 0x800, 0x800, kRead},
                 {{0x50004000}, 0x4000, 0x100, kReadWrite},
                 {{0x5000A000}, 0x1000, 0x1000, Rights::kNone}},
    .guards = {{"stack_guard", {0x50006000}}},
};

Mapping Map(uint64_t first, uint64_t bytes, Rights kernel, Rights user = Rights::kNone) {
  return {.first = {first},
          .bytes = bytes,
          .target = {first},
          .page_bytes = kPageBytes,
          .attributes = {user, kernel},
          .entries = bytes / kPageBytes};
}

struct Row {
  std::string_view name;
  std::vector<Mapping> runs;
  std::string_view findings;
};

const Mapping kCode = Map(0x50001000, 0x2000, kReadExecute);
const Mapping kConstants = Map(0x50003000, 0x1000, kRead);
const Mapping kData = Map(0x50004000, 0x2000, kReadWrite);
const Mapping kStack = Map(0x50007000, 0x1000, kReadWrite);

const Row kRows[] = {
    {"as the file says", {kCode, kConstants, kData, kStack}, ""},
    {"data without contents may be missing",
     {kCode, kConstants, Map(0x50004000, 0x1000, kReadWrite)},
     ""},
    {"constants writable",
     {kCode, Map(0x50003000, 0x3000, kReadWrite), kStack},
     "50003000-50003fff image: not the rights of the image's segment, kernel rw-, the image says "
     "r--\n"},
    {"code goes on too far",
     {Map(0x50001000, 0x3000, kReadExecute), kData, kStack},
     "50003000-50003fff image: not the rights of the image's segment, kernel r-x, the image says "
     "r--\n"},
    {"code only readable",
     {Map(0x50001000, 0x3000, kRead), kData, kStack},
     "50001000-50002fff image: not the rights of the image's segment, kernel r--, the image says "
     "r-x\n"},
    {"first page missing",
     {Map(0x50002000, 0x1000, kReadExecute), kConstants, kData},
     "50001000-50001fff image: hole in the image, \n"},
    {"last page missing",
     {Map(0x50001000, 0x1000, kReadExecute), kConstants, kData},
     "50002000-50002fff image: hole in the image, \n"},
    {"all of a segment missing", {kCode, kData}, "50003000-50003fff image: hole in the image, \n"},
    {"readable, and nobody should",
     {kCode, kConstants, kData, Map(0x5000A000, 0x1000, kRead)},
     "5000a000-5000afff image: not the rights of the image's segment, kernel r--, the image says "
     "---\n"},
    {"guard mapped",
     {kCode, kConstants, Map(0x50004000, 0x4000, kReadWrite)},
     "50006000-50006fff image: no guard page, stack_guard is mapped\n"},
    {"executable before and behind",
     {Map(0x50000000, 0x3000, kReadExecute), kConstants, kData,
      Map(0x50009000, 0x1000, kReadExecute)},
     "50000000-50000fff image: more access than the region allows, executable, and not of the "
     "image\n"
     "50009000-50009fff image: more access than the region allows, executable, and not of the "
     "image\n"},
    {"data beside the image", {kCode, kConstants, kData, Map(0x50009000, 0x1000, kReadWrite)}, ""},
    {"executable elsewhere", {kCode, kConstants, kData, Map(0x60000000, 0x1000, kReadExecute)}, ""},
};

TEST(ImageCheck, Pages) {
  const Layout layout = MakeLayout();
  for (const Row& row : kRows) {
    std::string text;
    for (const Finding& finding : CheckImagePages(layout, kImage, row.runs)) {
      text += std::format("{:x}-{:x} {}: {}, {}\n", finding.first.value, finding.last.value,
                          finding.region, Text(finding.kind), finding.detail);
    }
    EXPECT_EQ(text, row.findings) << row.name;
  }
}

TEST(ImageCheck, EndOfTheAddressSpace) {
  Layout layout = MakeLayout();
  layout.regions.back() = {.name = "top",
                           .first = {0xFFFFFFFFFFFFF000},
                           .last = {0xFFFFFFFFFFFFFFFF},
                           .user = Rights::kNone,
                           .kernel = Rights::kAll};
  layout.image_link_base = VirtualAddress{0xFFFFFFFFFFFFF000};
  const ElfImage image = {.segments = {{{0xFFFFFFFFFFFFF000}, 0x1000, 0x1000, kReadExecute}},
                          .guards = {}};
  const std::vector<Mapping> runs = {Map(0xFFFFFFFFFFFFF000, 0x1000, kReadExecute)};
  EXPECT_TRUE(CheckImagePages(layout, image, runs).empty());
  EXPECT_EQ(CheckImagePages(layout, image, {}).size(), 1u);
}

}  // namespace
}  // namespace layoutcheck
