#pragma once

#include <cstddef>
#include <cstdint>

namespace support {

// A line put together in a buffer of its own and written with one write(): a program that says
// something with nothing but that call works on a kernel that has no others. What does not fit is
// left out.
class Line {
 public:
  Line& Text(const char* text);
  Line& Decimal(int64_t number);
  Line& Hexadecimal(uint64_t number);
  // Ends the line and writes it to the standard output.
  void Write();

 private:
  static constexpr size_t kRoomBytes = 256;

  Line& Digits(uint64_t number, unsigned base);

  char bytes_[kRoomBytes];
  size_t size_bytes_ = 0;
};

}  // namespace support
