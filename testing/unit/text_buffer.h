// A sink that remembers a bounded text, for tests of what is printed. No allocation, so that it
// works in a kernel too.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

#include "kernel/base/print.h"

namespace unit {

class TextBuffer final : public base::Sink {
 public:
  // Text beyond the capacity is dropped.
  void Write(std::string_view text) override {
    const size_t count = std::min(text.size(), storage_.size() - size_);
    std::ranges::copy(text.substr(0, count), storage_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += count;
  }

  [[nodiscard]] std::string_view text() const { return {storage_.data(), size_}; }

 private:
  static constexpr size_t kCapacity = 2048;
  std::array<char, kCapacity> storage_;
  size_t size_ = 0;
};

}  // namespace unit
