#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace posix {

// What a file of /proc had in it when it was read; of a long one the beginning. The test ends if it
// cannot be read.
class ProcText {
 public:
  explicit ProcText(const char* path);

  [[nodiscard]] std::string_view all() const { return {bytes_, size_}; }

 private:
  static constexpr size_t kRoomBytes = 64 << 10;

  char bytes_[kRoomBytes];
  size_t size_ = 0;
};

// The rest of the first line of `text` that begins with `name`.
std::string_view LineOf(std::string_view text, std::string_view name);

// The number there; the test fails where there is no such line.
int64_t NumberOf(std::string_view text, std::string_view name);

}  // namespace posix
