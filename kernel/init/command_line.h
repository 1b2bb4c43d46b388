// The words that the boot loader passed.
#pragma once

#include <string_view>

namespace kernel {

// Whether `word` is one of the blank-separated words of `command_line`.
bool HasWord(std::string_view command_line, std::string_view word);

}  // namespace kernel
