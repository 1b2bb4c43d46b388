#include "testing/bench/harness/options.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace bench {
namespace {

constexpr int kMaxRounds = 1000;

// The value of --name=value.
std::optional<std::string_view> ValueOf(std::string_view argument, std::string_view name) {
  if (argument.starts_with(name) && argument.substr(name.size()).starts_with('=')) {
    return argument.substr(name.size() + 1);
  }
  return std::nullopt;
}

std::optional<int> RoundsIn(std::string_view text) {
  int rounds = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), rounds);
  if (error != std::errc() || rest != text.data() + text.size() || rounds < 1 ||
      rounds > kMaxRounds) {
    return std::nullopt;
  }
  return rounds;
}

std::expected<bool, std::string> TakePath(std::string_view argument, std::string_view path,
                                          std::string& option) {
  if (path.empty() || path.ends_with('/')) {
    return std::unexpected(std::string(argument) + " needs a file's name");
  }
  option = path;
  return true;
}

// Takes one argument into `options`; false if there is no such option.
std::expected<bool, std::string> Take(std::string_view argument, Options& options) {
  if (argument == "--help" || argument == "-h") {
    options.action = Options::kHelp;
  } else if (argument == "--list") {
    options.action = Options::kList;
  } else if (argument == "--verify") {
    options.action = Options::kVerify;
  } else if (argument == "--quick") {
    options.rounds = 1;
    options.warm_up_rounds = 0;
  } else if (argument == "--require-goals") {
    options.require_goals = true;
  } else if (const auto filter = ValueOf(argument, "--filter")) {
    options.filter = *filter;
  } else if (const auto rounds = ValueOf(argument, "--rounds")) {
    const auto number = RoundsIn(*rounds);
    if (!number) {
      return std::unexpected("--rounds takes a number from 1 to " + std::to_string(kMaxRounds) +
                             ", not '" + std::string(*rounds) + "'");
    }
    options.rounds = *number;
  } else if (const auto json = ValueOf(argument, "--json")) {
    return TakePath(argument, *json, options.json_path);
  } else if (const auto svg = ValueOf(argument, "--svg")) {
    return TakePath(argument, *svg, options.svg_path);
  } else {
    return false;
  }
  return true;
}

}  // namespace

const char kUsage[] =
    R"(Measures the memory manager beside its peers, in turns, and says which goals are met.

  --filter=TEXT     only workloads whose group/name contains TEXT
  --rounds=N        rounds of each contender, 7 unless told
  --quick           one round each, no warm-up: does it run, roughly how fast
  --verify          no timing: every contender proves that it works
  --list            the workloads and their contenders
  --json=FILE       writes the figures as JSON; - is standard output, without the table
  --svg=FILE        draws the ratios and goals
  --require-goals   exit status 3 when a goal is missed

Exit status: 0, 1 when a contender fails, 2 for a wrong command line.
)";

std::expected<Options, std::string> ParseOptions(std::span<const char* const> arguments) {
  Options options;
  for (const std::string_view argument : arguments) {
    const auto taken = Take(argument, options);
    if (!taken) {
      return std::unexpected(taken.error());
    }
    if (!*taken) {
      return std::unexpected("no option '" + std::string(argument) + "'; --help lists them");
    }
  }
  return options;
}

}  // namespace bench
