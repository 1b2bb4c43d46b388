#include <cmath>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "testing/bench/harness/chart.h"
#include "testing/bench/harness/json_checker.h"
#include "testing/bench/harness/json_report.h"
#include "testing/bench/harness/results.h"
#include "testing/bench/harness/text_table.h"
#include "testing/bench/harness/verdict.h"

namespace bench {
namespace {

std::vector<WorkloadResult> Results() {
  return {{.group = "objects",
           .name = "pair, 64 B",
           .unit = "ns",
           .contenders = {{.name = "atlas",
                           .kind = Contender::kOurs,
                           .time = {2, 1.5, 2.5},
                           .extra = {{"bytes", {64, 64, 64}}},
                           .failure = {}},
                          {.name = "peer \"<&>\"",
                           .kind = Contender::kPeer,
                           .time = {2.5, 2.4, 2000},
                           .extra = {},
                           .failure = {}},
                          {.name = "broken",
                           .kind = Contender::kModel,
                           .time = {},
                           .extra = {},
                           .failure = "two objects overlap"}},
           .goals = {{.factor = 0.85, .why = "the reference's ratio"},
                     {.factor = 0.5, .why = "half of it", .tried = "it waits; tried less"},
                     {.factor = 0.4, .why = "much less"},
                     {.factor = 1, .against = "nobody"}},
           .family = {},
           .size = 0}};
}

TEST(TextTable, Figures) {
  EXPECT_EQ(FiguresText(Results()),
            "objects/pair, 64 B, ns: median, lowest .. highest, multiple of ours\n"
            "  atlas                      ours        2.000       1.500 .. 2.500         1.00 x"
            "  bytes 64.00\n"
            "  peer \"<&>\"                 peer        2.500       2.400 .. 2000          1.25 x\n"
            "  broken                     model  FAILED: two objects overlap\n\n");
}

TEST(TextTable, Verdicts) {
  EXPECT_EQ(VerdictsText(Judge(Results())),
            "workload                 ours  reference  of                     ratio     goal\n"
            "objects/pair, 64 B      2.000      2.500  peer \"<&>\"             0.800 <=  0.85"
            "  met\n"
            "objects/pair, 64 B      2.000      2.500  peer \"<&>\"             0.800 <=  0.50"
            "  MISSED\n"
            "objects/pair, 64 B      2.000      2.500  peer \"<&>\"             0.800 <=  0.40"
            "  MISSED\n"
            "objects/pair, 64 B          -          -  nobody                     -        -"
            "  unknown\n"
            "\n1 of 4 goals met, 1 unknown\n"
            "  objects/pair, 64 B: the goal is half of it\n"
            "    it waits; tried less\n"
            "  objects/pair, 64 B: the goal is much less\n"
            "    missed for the first time: nobody has looked into it yet\n");
  EXPECT_EQ(VerdictsText({}), "");
}

TEST(JsonReport, IsJson) {
  EXPECT_TRUE(JsonChecker::IsJson(JsonReport({}, {})));
  auto results = Results();
  results[0].contenders[0].time.high = INFINITY;
  const std::string json = JsonReport(results, Judge(results));
  EXPECT_TRUE(JsonChecker::IsJson(json)) << json;
  EXPECT_TRUE(json.contains(R"("name": "peer \"<&>\"")")) << json;
  EXPECT_TRUE(json.contains(R"({"median": 2, "low": 1.5, "high": null})")) << json;
  EXPECT_TRUE(json.contains(R"("failure": "two objects overlap")")) << json;
  EXPECT_TRUE(json.contains(R"("at_most": 0.85, "state": "met")")) << json;
  EXPECT_TRUE(json.contains(R"("why": "half of it", "tried": "it waits; tried less")")) << json;
}

TEST(JsonReport, Strings) { EXPECT_EQ(JsonString("a\"b\\c\n\x01"), R"("a\"b\\c\u000a\u0001")"); }

TEST(JsonChecker, CanFail) {
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "{} x", "\"a\nb\"", "nul"}) {
    EXPECT_FALSE(JsonChecker::IsJson(text)) << text;
  }
}

TEST(Chart, BarsAndMarks) {
  const std::string svg = ChartSvg(Judge(Results()));
  EXPECT_TRUE(svg.contains("peer &quot;&lt;&amp;&gt;&quot;")) << svg;
  EXPECT_TRUE(svg.contains("not measured")) << svg;
  EXPECT_TRUE(svg.contains("0.80 (\u2264 0.85)")) << svg;
  EXPECT_TRUE(svg.ends_with("</svg>\n"));
}

}  // namespace
}  // namespace bench
