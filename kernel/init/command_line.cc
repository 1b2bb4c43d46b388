#include "kernel/init/command_line.h"

#include <algorithm>

namespace kernel {

bool HasWord(std::string_view command_line, std::string_view word) {
  while (!command_line.empty()) {
    const size_t length = std::min(command_line.find(' '), command_line.size());
    if (command_line.substr(0, length) == word) return true;
    command_line.remove_prefix(std::min(length + 1, command_line.size()));
  }
  return false;
}

}  // namespace kernel
