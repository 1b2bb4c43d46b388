// What the processor knows of chance.
#pragma once

#include <array>
#include <cstddef>

namespace arch {

inline constexpr size_t kSeedBytes = 32;

// Unpredictable bytes; zeroes where the processor has no RDRAND, or it fails.
std::array<std::byte, kSeedBytes> HardwareSeed();

}  // namespace arch
