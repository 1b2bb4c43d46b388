// Where random tests begin: at the same place every time, unless ATLAS_TEST_SEED says another.
// A seed that nobody can give back would make a failure unrepeatable. Host tests only.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace mm {

inline uint64_t TestSeed() {
  constexpr uint64_t kUsual = 0x41746C61731962;
  const char* const text = std::getenv("ATLAS_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : kUsual;
}

}  // namespace mm
