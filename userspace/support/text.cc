#include "userspace/support/text.h"

#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace support {

Line& Line::Text(const char* text) {
  // The line's end always has room.
  for (; *text != '\0' && size_bytes_ < kRoomBytes - 1; ++text) bytes_[size_bytes_++] = *text;
  return *this;
}

Line& Line::Digits(uint64_t number, unsigned base) {
  constexpr size_t kMostDigits = 20;
  char digits[kMostDigits + 1];
  char* first = digits + kMostDigits;
  *first = '\0';
  do {
    *--first = "0123456789abcdef"[number % base];
    number /= base;
  } while (number != 0);
  return Text(first);
}

Line& Line::Decimal(int64_t number) {
  if (number >= 0) return Digits(static_cast<uint64_t>(number), 10);
  return Text("-").Digits(0 - static_cast<uint64_t>(number), 10);
}

Line& Line::Hexadecimal(uint64_t number) { return Text("0x").Digits(number, 16); }

void Line::Write() {
  bytes_[size_bytes_++] = '\n';
  const char* rest = bytes_;
  while (size_bytes_ > 0) {
    const ssize_t written = write(STDOUT_FILENO, rest, size_bytes_);
    if (written <= 0) break;
    rest += written;
    size_bytes_ -= static_cast<size_t>(written);
  }
  size_bytes_ = 0;
}

}  // namespace support
