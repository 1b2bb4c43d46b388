#include "testing/bench/harness/options.h"

#include <vector>

#include "gtest/gtest.h"

namespace bench {
namespace {

TEST(Options, Defaults) {
  const auto options = ParseOptions({});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->action, Options::kMeasure);
  EXPECT_EQ(options->filter, "");
  EXPECT_EQ(options->rounds, 7);
  EXPECT_FALSE(options->require_goals);
}

TEST(Options, TakesAll) {
  const std::vector<const char*> arguments = {"--filter=objects/pair", "--rounds=3", "--json=-",
                                              "--svg=a.svg", "--require-goals"};
  const auto options = ParseOptions(arguments);
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->filter, "objects/pair");
  EXPECT_EQ(options->rounds, 3);
  EXPECT_EQ(options->json_path, "-");
  EXPECT_EQ(options->svg_path, "a.svg");
  EXPECT_TRUE(options->require_goals);
}

TEST(Options, Actions) {
  const struct {
    const char* argument;
    Options::Action action;
  } kRows[] = {
      {"--help", Options::kHelp},
      {"-h", Options::kHelp},
      {"--list", Options::kList},
      {"--verify", Options::kVerify},
  };
  for (const auto& row : kRows) {
    const auto options = ParseOptions(std::vector<const char*>{row.argument});
    ASSERT_TRUE(options.has_value()) << row.argument;
    EXPECT_EQ(options->action, row.action) << row.argument;
  }
}

TEST(Options, QuickIsOneRoundWithoutWarmUp) {
  const auto options = ParseOptions(std::vector<const char*>{"--quick"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->rounds, 1);
  EXPECT_EQ(options->warm_up_rounds, 0);
}

TEST(Options, SaysWhatIsWrong) {
  const struct {
    const char* argument;
    const char* error;
  } kRows[] = {
      {"--fast", "no option '--fast'; --help lists them"},
      {"objects", "no option 'objects'; --help lists them"},
      {"--filter", "no option '--filter'; --help lists them"},
      {"--rounds=0", "--rounds takes a number from 1 to 1000, not '0'"},
      {"--rounds=-3", "--rounds takes a number from 1 to 1000, not '-3'"},
      {"--rounds=7x", "--rounds takes a number from 1 to 1000, not '7x'"},
      {"--rounds=", "--rounds takes a number from 1 to 1000, not ''"},
      {"--rounds=99999999999", "--rounds takes a number from 1 to 1000, not '99999999999'"},
      {"--json=", "--json= needs a file's name"},
      {"--svg=out/", "--svg=out/ needs a file's name"},
  };
  for (const auto& row : kRows) {
    const auto options = ParseOptions(std::vector<const char*>{row.argument});
    ASSERT_FALSE(options.has_value()) << row.argument;
    EXPECT_EQ(options.error(), row.error);
  }
}

}  // namespace
}  // namespace bench
