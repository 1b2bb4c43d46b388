// The disk of these tests: line n is n itself, in 15 digits.
#pragma once

#include <cstddef>
#include <cstdint>

namespace trial {

inline constexpr uint64_t kLineBytes = 16;
inline constexpr uint64_t kDiskBytes = 1 << 20;

// Whether so many bytes are those of the disk from `offset` on, which begins a line.
inline bool HoldsLines(const char* bytes, uint64_t offset, size_t size_bytes) {
  for (size_t at = 0; at < size_bytes; at += kLineBytes) {
    uint64_t number = (offset + at) / kLineBytes;
    if (bytes[at + kLineBytes - 1] != '\n') return false;
    for (size_t digit = kLineBytes - 1; digit-- > 0; number /= 10) {
      if (bytes[at + digit] != static_cast<char>('0' + number % 10)) return false;
    }
  }
  return true;
}

}  // namespace trial
