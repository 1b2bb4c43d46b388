// Which program is the first, and what it is told: from the words of the command line, as Linux
// takes them.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace kernel {

class FirstProgramChoice {
 public:
  // Words of the command line that it passes on at most; others are dropped.
  static constexpr size_t kMostWords = 32;

  // `init=PATH` names the program, by default /init. Every other word with a `=` goes to its
  // environment, every other without one to its arguments; behind `--` all are arguments.
  // `command_line` stays.
  explicit FirstProgramChoice(std::string_view command_line);

  [[nodiscard]] std::string_view path() const { return arguments_[0]; }
  // The program's own path first.
  [[nodiscard]] std::span<const std::string_view> arguments() const {
    return std::span(arguments_).first(argument_count_);
  }
  [[nodiscard]] std::span<const std::string_view> environment() const {
    return std::span(environment_).first(environment_count_);
  }

 private:
  void Take(std::string_view word);

  std::array<std::string_view, kMostWords> arguments_ = {"/init"};
  size_t argument_count_ = 1;
  std::array<std::string_view, kMostWords> environment_ = {"HOME=/", "TERM=linux"};
  size_t environment_count_ = 2;
};

}  // namespace kernel
