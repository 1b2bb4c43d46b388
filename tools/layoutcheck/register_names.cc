#include "tools/layoutcheck/register_names.h"

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace layoutcheck {
namespace {

constexpr size_t kNowhere = std::string_view::npos;

// The value of ` name="value"` inside a tag.
std::optional<std::string_view> AttributeOf(std::string_view tag, std::string_view name) {
  const std::string begin = " " + std::string(name) + "=\"";
  const size_t found = tag.find(begin);
  if (found == kNowhere) return std::nullopt;
  const std::string_view rest = tag.substr(found + begin.size());
  return rest.substr(0, rest.find('"'));
}

void AddRegister(std::string_view tag, TargetDescription& description, uint32_t& next) {
  if (const auto number = AttributeOf(tag, "regnum")) {
    std::from_chars(number->data(), number->data() + number->size(), next);
  }
  if (const auto name = AttributeOf(tag, "name")) {
    description.registers.emplace(*name, next);
  }
  ++next;
}

}  // namespace

void AddDescription(std::string_view xml, TargetDescription& description, uint32_t& next) {
  constexpr std::string_view kComment = "<!--";
  constexpr std::string_view kCommentEnd = "-->";
  while (true) {
    const size_t open = xml.find('<');
    if (open == kNowhere) return;
    xml.remove_prefix(open);
    const std::string_view close = xml.starts_with(kComment) ? kCommentEnd : ">";
    const size_t end = xml.find(close);
    if (end == kNowhere) return;
    const std::string_view tag = xml.substr(0, end);
    const std::string_view text = xml.substr(end + close.size());
    if (tag.starts_with("<reg ")) AddRegister(tag, description, next);
    if (tag.starts_with("<xi:include ")) {
      if (const auto file = AttributeOf(tag, "href")) description.included.emplace_back(*file);
    }
    if (tag == "<architecture") description.architecture = text.substr(0, text.find('<'));
    xml = text;
  }
}

}  // namespace layoutcheck
