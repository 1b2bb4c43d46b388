// What the layering test needs to know of a source file: comments and texts do not count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace layering {

template <class Value>
struct At {
  int line;  // from 1
  Value value;
};

struct Scan {
  std::vector<At<std::string>> includes;     // as written between the quotes or brackets
  std::vector<At<std::string>> identifiers;  // keywords and macros included
  std::vector<At<uint64_t>> numbers;  // integer literals; one too large for 64 bits is left out
};

// Reads C, C++, assembly and linker scripts.
Scan ScanSource(std::string_view text);

// A label in a BUILD file, and the rule it is an argument of.
struct Label {
  std::string package;  // "kernel/mm" of "//kernel/mm/facts:range"
  std::string rule;     // "cc_library"
};

// The names of the targets that `rule` makes.
std::vector<At<std::string>> TargetsOf(std::string_view rule, std::string_view text);

// Labels of other packages, except those of load() and of visibility.
std::vector<At<Label>> ScanBuildFile(std::string_view text);

}  // namespace layering
