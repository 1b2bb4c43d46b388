#include "userspace/support/open_ranges.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

namespace support {
namespace {

constexpr size_t kMostRanges = 16;
constexpr int kHexadecimal = 16;

OpenRange ranges[kMostRanges];
size_t range_count = 0;

}  // namespace

void ReadOpenRanges(int argc, char** argv) {
  constexpr char kKey[] = "open=";
  constexpr size_t kKeyBytes = sizeof kKey - 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kKey, kKeyBytes) != 0 || range_count == kMostRanges) continue;
    char* rest = nullptr;
    const auto first =
        static_cast<uintptr_t>(std::strtoull(argv[i] + kKeyBytes, &rest, kHexadecimal));
    if (*rest != '-') continue;
    const auto last = static_cast<uintptr_t>(std::strtoull(rest + 1, nullptr, kHexadecimal));
    ranges[range_count++] = {first, last};
  }
}

bool IsOpen(uintptr_t address) {
  for (size_t i = 0; i < range_count; ++i) {
    if (address >= ranges[i].first && address <= ranges[i].last) return true;
  }
  return false;
}

std::span<const OpenRange> OpenRanges() { return std::span(ranges).first(range_count); }

}  // namespace support
