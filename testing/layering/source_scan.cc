#include "testing/layering/source_scan.h"

#include <cctype>
#include <charconv>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace layering {
namespace {

bool IsWord(char character) {
  return std::isalnum(static_cast<unsigned char>(character)) != 0 || character == '_';
}

bool IsDigit(char character) { return character >= '0' && character <= '9'; }

// Walks a text and counts lines.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool AtLast() const { return rest_.empty(); }
  char Front() const { return rest_.front(); }
  int line() const { return line_; }
  bool StartsWith(std::string_view prefix) const { return rest_.starts_with(prefix); }

  std::string_view Take(size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    for (const char character : taken) line_ += character == '\n' ? 1 : 0;
    rest_.remove_prefix(taken.size());
    return taken;
  }

  // Up to `stop`, which is taken too, or to the last character.
  std::string_view TakeThrough(std::string_view stop) {
    const size_t found = rest_.find(stop);
    return Take(found == std::string_view::npos ? rest_.size() : found + stop.size());
  }

  template <class Predicate>
  std::string_view TakeWhile(Predicate wanted) {
    size_t count = 0;
    while (count < rest_.size() && wanted(rest_[count])) ++count;
    return Take(count);
  }

  // A text in quotes, with its escapes, which may go over lines in no language here.
  void SkipQuoted(char quote) {
    Take(1);
    while (!AtLast() && Front() != quote && Front() != '\n') Take(Front() == '\\' ? 2 : 1);
    Take(1);
  }

  void SkipRawText() {
    TakeThrough("\"");
    const std::string_view delimiter = TakeThrough("(");
    TakeThrough(")" + std::string(delimiter.substr(0, delimiter.size() - 1)) + "\"");
  }

 private:
  std::string_view rest_;
  int line_ = 1;
};

// Digits may be separated; suffixes such as ULL do not count.
void AddNumber(Scan& scan, int line, std::string_view written) {
  std::string digits;
  for (const char character : written) {
    if (character != '\'') digits += character;
  }
  const bool hexadecimal = digits.starts_with("0x") || digits.starts_with("0X");
  const char* const first = digits.data() + (hexadecimal ? 2 : 0);
  constexpr int kDecimal = 10;
  constexpr int kHexadecimal = 16;
  uint64_t value = 0;
  const auto read = std::from_chars(first, digits.data() + digits.size(), value,
                                    hexadecimal ? kHexadecimal : kDecimal);
  if (read.ec == std::errc()) scan.numbers.push_back({line, value});
}

void ScanInclude(Scan& scan, Reader& reader) {
  const auto is_blank = [](char character) { return character == ' ' || character == '\t'; };
  reader.TakeWhile(is_blank);
  if (reader.AtLast() || (reader.Front() != '"' && reader.Front() != '<')) return;
  const char close = reader.Front() == '"' ? '"' : '>';
  reader.Take(1);
  const int line = reader.line();
  const auto is_inside = [close](char c) { return c != close && c != '\n'; };
  scan.includes.push_back({line, std::string(reader.TakeWhile(is_inside))});
  reader.Take(1);
}

void ScanWord(Scan& scan, Reader& reader) {
  const int line = reader.line();
  const std::string word(reader.TakeWhile(IsWord));
  const bool raw_text = word.ends_with('R') && reader.StartsWith("\"");
  if (raw_text) return reader.SkipRawText();
  scan.identifiers.push_back({line, word});
  if (word == "include") ScanInclude(scan, reader);
}

}  // namespace

Scan ScanSource(std::string_view text) {
  Scan scan;
  Reader reader(text);
  while (!reader.AtLast()) {
    if (reader.StartsWith("//")) {
      reader.TakeThrough("\n");
    } else if (reader.StartsWith("/*")) {
      reader.TakeThrough("*/");
    } else if (IsDigit(reader.Front())) {
      const int line = reader.line();
      AddNumber(scan, line, reader.TakeWhile([](char c) { return IsWord(c) || c == '\''; }));
    } else if (IsWord(reader.Front())) {
      ScanWord(scan, reader);
    } else if (reader.Front() == '"' || reader.Front() == '\'') {
      reader.SkipQuoted(reader.Front());
    } else {
      reader.Take(1);
    }
  }
  return scan;
}

std::vector<At<Label>> ScanBuildFile(std::string_view text) {
  std::vector<At<Label>> labels;
  Reader reader(text);
  std::string rule;
  bool rule_is_known = false;
  bool at_line_start = true;
  while (!reader.AtLast()) {
    const char front = reader.Front();
    // A statement starts in the first column; its first word is the rule.
    if (at_line_start &&
        (std::isalpha(static_cast<unsigned char>(front)) != 0 || front == '[' || front == '_')) {
      rule_is_known = false;
    }
    at_line_start = front == '\n';
    if (front == '#') {
      reader.TakeThrough("\n");
      at_line_start = true;
    } else if (front == '"') {
      const int line = reader.line();
      reader.Take(1);
      const std::string label(reader.TakeWhile([](char c) { return c != '"' && c != '\n'; }));
      reader.Take(1);
      const bool is_label = label.starts_with("//") && rule != "load" && !label.contains(":__");
      if (is_label) labels.push_back({line, {label.substr(2, label.find(':') - 2), rule}});
    } else if (IsWord(front)) {
      const std::string word(reader.TakeWhile(IsWord));
      if (!rule_is_known) rule = word;
      rule_is_known = true;
    } else {
      reader.Take(1);
    }
  }
  return labels;
}

std::vector<At<std::string>> TargetsOf(std::string_view rule, std::string_view text) {
  constexpr std::string_view kName = "name = \"";
  std::vector<At<std::string>> names;
  Reader reader(text);
  while (!reader.AtLast()) {
    const bool is_call = reader.StartsWith(std::string(rule) + "(");
    reader.TakeThrough(is_call ? kName : "\n");
    if (!is_call) continue;
    const int line = reader.line();
    names.push_back({line, std::string(reader.TakeWhile([](char c) { return c != '"'; }))});
  }
  return names;
}

}  // namespace layering
