// The first line of a script: "#!", the interpreter's path, at most one argument.
#pragma once

#include <cstddef>
#include <string_view>

#include "kernel/posix/errno.h"

namespace process {

// So much of a file is looked at, as Linux does.
inline constexpr size_t kScriptLineBytes = 256;

struct ScriptLine {
  std::string_view interpreter;
  std::string_view argument;  // empty: none
};

[[nodiscard]] constexpr bool IsScript(std::string_view text) { return text.starts_with("#!"); }

// `text` is the beginning of a file that IsScript(), up to kScriptLineBytes. Error: kNotExecutable,
// when there is no path or the path does not end there; an argument is cut.
[[nodiscard]] constexpr posix::Result<ScriptLine> ParseScriptLine(std::string_view text) {
  constexpr std::string_view kBlanks = " \t";
  const auto trim = [&](std::string_view part) {
    const size_t first = part.find_first_not_of(kBlanks);
    if (first == part.npos) return std::string_view();
    return part.substr(first, part.find_last_not_of(kBlanks) - first + 1);
  };
  const size_t line_end = text.find('\n');
  const bool is_whole = line_end != text.npos || text.size() < kScriptLineBytes;
  const std::string_view line = trim(text.substr(0, line_end).substr(2));
  const size_t name_end = line.find_first_of(kBlanks);
  if (line.empty() || (name_end == line.npos && !is_whole) || line.contains('\0')) {
    return std::unexpected(posix::Errno::kNotExecutable);
  }
  if (name_end == line.npos) return ScriptLine{.interpreter = line, .argument = {}};
  return ScriptLine{.interpreter = line.substr(0, name_end),
                    .argument = trim(line.substr(name_end))};
}

}  // namespace process
