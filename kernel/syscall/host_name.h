// What this machine calls itself.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace syscall {

class HostName {
 public:
  static constexpr size_t kMostBytes = 64;

  [[nodiscard]] std::string_view text() const { return {bytes_.data(), length_}; }
  // Cut to kMostBytes.
  void Set(std::string_view text) {
    length_ = std::min(text.size(), kMostBytes);
    std::ranges::copy(text.substr(0, length_), bytes_.begin());
  }

 private:
  std::array<char, kMostBytes> bytes_{'a', 't', 'l', 'a', 's'};
  size_t length_ = 5;
};

}  // namespace syscall
