#include "tools/layoutcheck/memory_tree.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "tools/layoutcheck/address.h"

namespace layoutcheck {
namespace {

std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

std::optional<uint64_t> HexOf(std::string_view digits) {
  constexpr int kHexadecimal = 16;
  uint64_t value = 0;
  const auto read =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, kHexadecimal);
  const bool whole = read.ec == std::errc() && read.ptr == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

// A line is "  FIRST-LAST (prio N, KIND): NAME" with 16 digits each.
struct Line {
  PhysicalRange range;
  std::string_view kind;
};

std::optional<Line> ParseLine(std::string_view line) {
  constexpr size_t kIndent = 2;
  constexpr size_t kDigits = 16;
  if (line.size() < kIndent + 2 * kDigits + 1 || line[kIndent + kDigits] != '-') return {};
  const std::optional<uint64_t> first = HexOf(line.substr(kIndent, kDigits));
  const std::optional<uint64_t> last = HexOf(line.substr(kIndent + kDigits + 1, kDigits));
  const size_t comma = line.find(", ");
  const size_t end = line.find("):");
  if (!first || !last || *first > *last || comma == std::string_view::npos || end < comma) {
    return {};
  }
  return Line{{{*first}, {*last}}, line.substr(comma + 2, end - comma - 2)};
}

void Append(std::vector<PhysicalRange>& ranges, const PhysicalRange& range) {
  const bool joins = !ranges.empty() && ranges.back().last + 1 == range.first;
  if (joins) {
    ranges.back().last = range.last;
  } else if (ranges.empty() || ranges.back().last < range.first) {
    ranges.push_back(range);
  }
}

}  // namespace

MemoryTree ParseMemoryTree(std::string_view text) {
  MemoryTree tree;
  bool in_view = false;
  while (!text.empty()) {
    const std::string_view line = TakeLine(text);
    if (line.starts_with("FlatView")) in_view = false;
    if (line.starts_with(" AS \"memory\"")) in_view = true;
    if (!in_view) continue;
    const std::optional<Line> parsed = ParseLine(line);
    if (!parsed) continue;
    const bool is_ram = parsed->kind == "ram" || parsed->kind == "nv-ram";
    if (is_ram) Append(tree.ram, parsed->range);
    if (is_ram || parsed->kind == "rom") Append(tree.memory, parsed->range);
  }
  return tree;
}

}  // namespace layoutcheck
