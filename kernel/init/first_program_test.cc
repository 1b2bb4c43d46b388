#include "kernel/init/first_program.h"

#include <algorithm>
#include <span>
#include <string>
#include <string_view>

#include "testing/unit/test.h"

namespace kernel {
namespace {

std::string Joined(std::span<const std::string_view> words) {
  std::string joined;
  for (const std::string_view word : words) joined += "[" + std::string(word) + "]";
  return joined;
}

TEST(FirstProgramChoice, DividesTheWords) {
  struct Row {
    std::string_view command_line;
    std::string_view arguments;
    std::string_view environment;  // behind what is always there
  };
  constexpr Row kRows[] = {
      {"", "[/init]", ""},
      {"  ", "[/init]", ""},
      {"init=/bin/sh", "[/bin/sh]", ""},
      {"quiet run=/test/x init=/a  single", "[/a][quiet][single]", "[run=/test/x]"},
      {"a -- b=c -- init=/d", "[/init][a][b=c][--][init=/d]", ""},
      {"--", "[/init]", ""},
  };
  for (const Row& row : kRows) {
    const FirstProgramChoice choice(row.command_line);
    EXPECT_EQ(Joined(choice.arguments()), row.arguments) << row.command_line;
    EXPECT_EQ(Joined(choice.environment()), "[HOME=/][TERM=linux]" + std::string(row.environment))
        << row.command_line;
  }
}

TEST(FirstProgramChoice, DropsWhatIsTooMuch) {
  std::string many;
  for (size_t i = 0; i < 2 * FirstProgramChoice::kMostWords; ++i) many += "a b=c ";
  const FirstProgramChoice choice(many);
  EXPECT_EQ(choice.arguments().size(), FirstProgramChoice::kMostWords);
  EXPECT_EQ(choice.environment().size(), FirstProgramChoice::kMostWords);
}

}  // namespace
}  // namespace kernel
