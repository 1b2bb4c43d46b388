// Options: the command line of a benchmark program.
#pragma once

#include <expected>
#include <span>
#include <string>

namespace bench {

struct Options {
  enum Action { kMeasure, kVerify, kList, kHelp };

  Action action = kMeasure;
  std::string filter;  // workloads whose "group/name" contains it
  int rounds = 7;
  int warm_up_rounds = 1;
  std::string json_path;
  std::string svg_path;
  bool require_goals = false;
};

extern const char kUsage[];

// The options in `arguments`, the program's name left out; or what is wrong with them.
[[nodiscard]] std::expected<Options, std::string> ParseOptions(
    std::span<const char* const> arguments);

}  // namespace bench
