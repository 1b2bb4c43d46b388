#include "kernel/init/line_editor.h"

namespace kernel {
namespace {

// ASCII control characters as a terminal in raw mode sends them.
constexpr char kInterrupt = 0x03;  // Ctrl-C
constexpr char kBell = 0x07;
constexpr char kBackspace = 0x08;
constexpr char kKillLine = 0x15;  // Ctrl-U
constexpr char kDelete = 0x7F;
constexpr char kFirstPrintable = ' ';

}  // namespace

void LineEditor::Erase() {
  if (length_ == 0) return;
  --length_;
  terminal_.Write("\b \b");
}

std::optional<std::string_view> LineEditor::Take(char c) {
  const char previous = previous_;
  previous_ = c;
  switch (c) {
    case '\n':
      // A terminal that sends both ends one line, not two.
      if (previous == '\r') return std::nullopt;
      [[fallthrough]];
    case '\r': {
      terminal_.Write("\n");
      const std::string_view line(line_.data(), length_);
      length_ = 0;
      return line;
    }
    case kBackspace:
    case kDelete:
      Erase();
      return std::nullopt;
    case kKillLine:
      while (length_ != 0) Erase();
      return std::nullopt;
    case kInterrupt:
      length_ = 0;
      terminal_.Write("^C\n");
      return std::string_view();
    default:
      break;
  }
  if (c < kFirstPrintable) return std::nullopt;
  if (length_ == line_.size()) {
    terminal_.Write(std::string_view(&kBell, 1));
    return std::nullopt;
  }
  line_[length_++] = c;
  terminal_.Write(std::string_view(&c, 1));
  return std::nullopt;
}

}  // namespace kernel
