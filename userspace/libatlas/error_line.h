// A line on the error output, of a program that is about to end.
#pragma once

#include <unistd.h>

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace libatlas {

// Without memory and without locks: the heap is in disorder.
class ErrorLine {
 public:
  void Add(std::string_view text) {
    for (const char c : text) {
      if (length_ < text_.size()) text_[length_++] = c;
    }
  }
  void AddAddress(uintptr_t address) {
    Add("0x");
    AddNumber(address, 16);
  }
  void AddNumber(uintptr_t number, int radix = 10) {
    std::array<char, 8 * sizeof(number)> digits{};
    const auto [end, error] =
        std::to_chars(digits.data(), digits.data() + digits.size(), number, radix);
    Add({digits.data(), end});
  }
  void Write() const { static_cast<void>(!write(STDERR_FILENO, text_.data(), length_)); }

 private:
  std::array<char, 128> text_{};
  size_t length_ = 0;
};

}  // namespace libatlas
