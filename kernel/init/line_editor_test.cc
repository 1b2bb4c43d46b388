#include "kernel/init/line_editor.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace kernel {
namespace {

class StringSink : public base::Sink {
 public:
  void Write(std::string_view text) override { text_ += text; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Row {
  const char* name;
  std::string typed;
  std::vector<std::string> lines;
  std::string echoed;
};

TEST(LineEditor, TurnsKeysIntoLines) {
  const std::string longest(LineEditor::kMaxLineLength, 'x');
  const Row rows[] = {
      {"carriage return ends a line", "map\r", {"map"}, "map\n"},
      {"line feed ends a line", "map\n", {"map"}, "map\n"},
      {"both end one line", "a\r\nb\r\n", {"a", "b"}, "a\nb\n"},
      {"two line feeds are two lines", "\n\n", {"", ""}, "\n\n"},
      {"backspace erases", "mapp\b\r", {"map"}, "mapp\b \b\n"},
      {"delete erases", "mapp\x7f\r", {"map"}, "mapp\b \b\n"},
      {"nothing to erase", "\b\r", {""}, "\n"},
      {"kill erases all",
       "ab\x15"
       "c\r",
       {"c"},
       "ab\b \b\b \bc\n"},
      {"interrupt drops the line",
       "ab\x03"
       "c\r",
       {"", "c"},
       "ab^C\nc\n"},
      {"control characters are ignored",
       "a\x01\x1b"
       "b\r",
       {"ab"},
       "ab\n"},
      {"the longest line", longest + "\r", {longest}, longest + "\n"},
      {"one more rings", longest + "y\r", {longest}, longest + "\a\n"},
  };
  for (const Row& row : rows) {
    StringSink terminal;
    LineEditor editor(terminal);
    std::vector<std::string> lines;
    for (const char c : row.typed) {
      if (const auto line = editor.Take(c)) lines.emplace_back(*line);
    }
    EXPECT_EQ(lines, row.lines) << row.name;
    EXPECT_EQ(terminal.text(), row.echoed) << row.name;
  }
}

}  // namespace
}  // namespace kernel
