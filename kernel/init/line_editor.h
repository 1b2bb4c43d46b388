// One line of input from a terminal: echo, erase, kill.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "kernel/base/print.h"

namespace kernel {

class LineEditor {
 public:
  static constexpr size_t kMaxLineLength = 126;

  // Echoes to `terminal`, which must outlive the editor.
  explicit LineEditor(base::Sink& terminal) : terminal_(terminal) {}

  // Takes one character. Returns the finished line when it was carriage return or line feed; the
  // view is valid until the next call. Characters past kMaxLineLength ring the bell.
  std::optional<std::string_view> Take(char c);

 private:
  void Erase();

  base::Sink& terminal_;
  std::array<char, kMaxLineLength> line_{};
  size_t length_ = 0;
  char previous_ = '\0';
};

}  // namespace kernel
