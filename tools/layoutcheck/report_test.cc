#include "tools/layoutcheck/report.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tools/layoutcheck/check.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/mapping.h"

namespace layoutcheck {
namespace {

const TableForm kForm = {.name = "x86_64, 4 levels",
                         .address_bits = 48,
                         .root = 0x1000,
                         .entry_bytes = {0x200000, 0x1000}};
constexpr Attributes kData = {Rights::kNone, Rights::kRead | Rights::kWrite, Reach::kGlobal,
                              Cache::kWriteBack};
constexpr Attributes kRead = {Rights::kRead, Rights::kRead, Reach::kOneSpace, Cache::kDevice};

const std::vector<Mapping> kRuns = {
    {.first = {0x1000},
     .bytes = 0x1000,
     .target = {0xA000},
     .page_bytes = 0x1000,
     .attributes = kData},
    {.first = {0x2000},
     .bytes = 0x1000,
     .target = {0xC000},
     .page_bytes = 0x1000,
     .attributes = kData},
    {.first = {0x200000},
     .bytes = 0x200000,
     .target = {0x400000},
     .page_bytes = 0x200000,
     .attributes = kRead},
    {.first = {0x400000},
     .bytes = 0x1000,
     .target = {0x600000},
     .page_bytes = 0x1000,
     .attributes = kRead},
};

TEST(Report, Map) {
  EXPECT_EQ(MapAsText(kForm, kRuns),
            "x86_64, 4 levels, root 0x1000\n"
            "0x0000000000001000-0x0000000000002fff      8 KiB user --- kernel rw- global  "
            "write-back    4 KiB             scattered\n"
            "0x0000000000200000-0x0000000000400fff   2052 KiB user r-- kernel r-- process "
            "device        4 KiB, 2 MiB      0x0000000000400000\n");
  const auto json = nlohmann::json::parse(MapAsJson(kForm, kRuns), nullptr, false);
  ASSERT_EQ(json["mappings"].size(), 4u);
  EXPECT_EQ(json["mappings"][1]["target"], "0x000000000000c000");
  EXPECT_EQ(json["mappings"][2]["page_bytes"], 0x200000);
  EXPECT_EQ(json["mappings"][3]["scope"], "process");
}

Layout MakeLayout() {
  return {.name = "trial",
          .digest = "0123",
          .address_bits = 48,
          .high_bits = HighBits::kSign,
          .regions = {{.name = "low",
                       .first = {0},
                       .last = {0xFFFFF},
                       .user = Rights::kNone,
                       .kernel = Rights::kAll}},
          .direct_map_target = {},
          .image_link_base = {},
          .image_load_base = {}};
}

TEST(Report, Good) {
  const CheckReport report = {
      .regions = {{.pages = 2, .mappings = 2}}, .mappings = 2, .findings = {}, .notes = {"a note"}};
  EXPECT_EQ(CheckAsText(kForm, MakeLayout(), report),
            "x86_64, 4 levels, root 0x1000\n"
            "  0x0000000000000000-0x00000000000fffff low        ok, 2 pages in 2 mappings\n"
            "  a note\n"
            "LAYOUT OK trial regions=1 mappings=2 digest=0123\n");
  const auto json =
      nlohmann::json::parse(CheckAsJson(kForm, MakeLayout(), report, kRuns), nullptr, false);
  EXPECT_EQ(json["verdict"], "ok");
  EXPECT_EQ(json["digest"], "0123");
  EXPECT_EQ(json["regions"][0]["mappings"], 2);
  EXPECT_EQ(json["layout_address_bits"], 48);
  EXPECT_EQ(json["entry_bytes"], nlohmann::json::array({0x200000, 0x1000}));
  ASSERT_EQ(json["runs"].size(), 4u);
  EXPECT_EQ(json["runs"][2]["target"], "0x0000000000400000");
  EXPECT_EQ(json["runs"][3]["cache"], "device");
}

TEST(Report, Faults) {
  const CheckReport report = {
      .regions = {{.pages = 2, .mappings = 2}},
      .mappings = 3,
      .findings = {{FaultKind::kUserAccess, "low", {0x1000}, {0x1FFF}, "user r--"},
                   {FaultKind::kOutsideEveryRegion, "", {0x100000}, {0x100FFF}, ""}},
      .notes = {}};
  EXPECT_EQ(CheckAsText(kForm, MakeLayout(), report),
            "x86_64, 4 levels, root 0x1000\n"
            "  0x0000000000000000-0x00000000000fffff low        1 fault, 2 pages in 2 mappings\n"
            "    0x0000000000001000-0x0000000000001fff user access: user r--\n"
            "  outside every region: 1 fault\n"
            "    0x0000000000100000-0x0000000000100fff mapping outside every region\n"
            "LAYOUT FAULT trial faults=2 regions=1 mappings=3 digest=0123\n");
  const auto json =
      nlohmann::json::parse(CheckAsJson(kForm, MakeLayout(), report, kRuns), nullptr, false);
  EXPECT_EQ(json["verdict"], "fault");
  EXPECT_EQ(json["faults"][0]["fault"], "user access");
  EXPECT_EQ(json["faults"][0]["region"], "low");
  EXPECT_EQ(json["regions"][0]["faults"], 1);
}

TEST(Report, ManyFaultsAreCut) {
  CheckReport report = {.regions = {{}}, .mappings = 0, .findings = {}, .notes = {}};
  for (uint64_t page = 0; page < 20; ++page) {
    const VirtualAddress first = {2 * page * kPageBytes};
    report.findings.push_back({FaultKind::kUserAccess, "low", first, first + 0xFFF, ""});
  }
  const std::string text = CheckAsText(kForm, MakeLayout(), report);
  EXPECT_TRUE(text.contains("    and 4 more\n"));
  EXPECT_TRUE(text.contains("faults=20"));
}

}  // namespace
}  // namespace layoutcheck
