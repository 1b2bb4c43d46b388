#include "kernel/init/first_program.h"

namespace kernel {

FirstProgramChoice::FirstProgramChoice(std::string_view command_line) {
  constexpr std::string_view kInit = "init=";
  bool all_are_arguments = false;
  while (!command_line.empty()) {
    const size_t length = command_line.find(' ');
    const std::string_view word = command_line.substr(0, length);
    command_line.remove_prefix(length == std::string_view::npos ? command_line.size() : length + 1);
    if (word.empty()) continue;
    if (all_are_arguments) {
      if (argument_count_ < kMostWords) arguments_[argument_count_++] = word;
    } else if (word == "--") {
      all_are_arguments = true;
    } else if (word.starts_with(kInit)) {
      arguments_[0] = word.substr(kInit.size());
    } else {
      Take(word);
    }
  }
}

void FirstProgramChoice::Take(std::string_view word) {
  if (word.contains('=')) {
    if (environment_count_ < kMostWords) environment_[environment_count_++] = word;
  } else if (argument_count_ < kMostWords) {
    arguments_[argument_count_++] = word;
  }
}

}  // namespace kernel
