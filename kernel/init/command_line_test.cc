#include "kernel/init/command_line.h"

#include "gtest/gtest.h"

namespace kernel {
namespace {

struct Row {
  const char* command_line;
  const char* word;
  bool found;
};

TEST(CommandLine, FindsWholeWordsOnly) {
  const Row rows[] = {
      {"", "test", false},         {"test", "test", true},   {"testing", "test", false},
      {"a test", "test", true},    {"test b", "test", true}, {"a  test  b", "test", true},
      {"a=test b", "test", false}, {"te st", "test", false}, {" test ", "test", true},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(HasWord(row.command_line, row.word), row.found) << "'" << row.command_line << "'";
  }
}

}  // namespace
}  // namespace kernel
