#include "tools/layoutcheck/options.h"

#include <string_view>
#include <vector>

#include "gtest/gtest.h"

namespace layoutcheck {
namespace {

TEST(Options, Everything) {
  const std::vector<std::string_view> words = {
      "--monitor=unix:a", "--layout=b.json", "--image=c.elf",  "--json",
      "--cpu=3",          "--timeout=2",     "--leave-stopped"};
  const auto options = ReadOptions(words);
  ASSERT_TRUE(options.has_value()) << options.error();
  EXPECT_EQ(options->task, Options::Task::kCheck);
  EXPECT_EQ(options->form, Options::Form::kJson);
  EXPECT_EQ(options->link, Options::Link::kMonitor);
  EXPECT_EQ(options->address, "unix:a");
  EXPECT_EQ(options->layout, "b.json");
  EXPECT_EQ(options->image, "c.elf");
  EXPECT_EQ(options->cpu, 3u);
  EXPECT_EQ(options->patience, Milliseconds(2000));
  EXPECT_EQ(options->afterwards, Afterwards::kStayStopped);
}

TEST(Options, Processes) {
  const std::vector<std::string_view> words = {"--gdb=1234", "--layout=a", "--processes=b"};
  const auto options = ReadOptions(words);
  ASSERT_TRUE(options.has_value()) << options.error();
  EXPECT_EQ(options->processes, "b");
}

TEST(Options, List) {
  const std::vector<std::string_view> words = {"--gdb=1234", "--list"};
  const auto options = ReadOptions(words);
  ASSERT_TRUE(options.has_value()) << options.error();
  EXPECT_EQ(options->task, Options::Task::kList);
  EXPECT_EQ(options->form, Options::Form::kText);
  EXPECT_EQ(options->link, Options::Link::kGdb);
  EXPECT_EQ(options->cpu, 0u);
  EXPECT_EQ(options->afterwards, Afterwards::kResume);
}

TEST(Options, HelpNeedsNothingElse) {
  for (const std::string_view word : {"--help", "-h"}) {
    const std::vector<std::string_view> words = {word};
    const auto options = ReadOptions(words);
    ASSERT_TRUE(options.has_value());
    EXPECT_EQ(options->task, Options::Task::kHelp);
  }
}

struct Row {
  std::vector<std::string_view> words;
  std::string_view refusal;  // its beginning
};

const Row kRows[] = {
    {{}, "--gdb=ADDRESS or --monitor=ADDRESS is needed"},
    {{"--gdb=1234"}, "--layout=FILE is needed, or --list"},
    {{"--gdb=1234", "--list", "--layout=a"}, "--list takes no --layout="},
    {{"--gdb=1234", "--list", "--image=a"}, "--list takes no --image="},
    {{"--gdb=1234", "--layout=a", "--processes="}, "'--processes=' needs a value"},
    {{"--gdb=1234", "--layout=a", "--processes=b", "--json"}, "--processes= goes neither with"},
    {{"--gdb=1234", "--list", "--processes=b"}, "--processes= goes neither with"},
    {{"--gdb=1234", "--layout=a", "--image="}, "'--image=' needs a value"},
    {{"--gdb=1", "--monitor=2", "--list"}, "'--monitor=2' is a second address"},
    {{"--gdb="}, "'--gdb=' needs a value"},
    {{"--gdb"}, "'--gdb' is no option"},
    {{"--layout="}, "'--layout=' needs a value"},
    {{"--cpu=-1"}, "'--cpu=-1' is no number from 0 to 65535"},
    {{"--cpu=65536"}, "'--cpu=65536' is no number"},
    {{"--cpu=1a"}, "'--cpu=1a' is no number"},
    {{"--timeout=0"}, "'--timeout=0' is no number from 1 to 86400"},
    {{"--timeout="}, "'--timeout=' is no number"},
    {{"osz.json"}, "'osz.json' is no option"},
};

TEST(Options, Refusals) {
  for (const Row& row : kRows) {
    const auto options = ReadOptions(row.words);
    ASSERT_FALSE(options.has_value()) << row.refusal;
    EXPECT_TRUE(options.error().starts_with(row.refusal)) << options.error();
  }
}

}  // namespace
}  // namespace layoutcheck
