#include "arch/ops/random.h"

#include <bit>
#include <cstdint>

#include "arch/ops/control_registers.h"
#include "arch/x86_64/facts/registers.h"

namespace arch {
namespace {

using namespace arch::x86_64;

// 0 when the processor has no number ready, however often it is asked (SDM vol. 1 7.3.17.1).
uint64_t HardwareRandom() {
  constexpr unsigned kTries = 10;
  for (unsigned attempt = 0; attempt < kTries; ++attempt) {
    uint64_t value;
    bool is_valid;
    asm volatile("rdrand %0" : "=r"(value), "=@ccc"(is_valid));
    if (is_valid) return value;
  }
  return 0;
}

}  // namespace

std::array<std::byte, kSeedBytes> HardwareSeed() {
  std::array<uint64_t, kSeedBytes / sizeof(uint64_t)> words{};
  if ((Cpuid(cpuid::kFeatureLeaf).ecx & cpuid::feature_ecx::kRandom) != 0) {
    for (uint64_t& word : words) word = HardwareRandom();
  }
  return std::bit_cast<std::array<std::byte, kSeedBytes>>(words);
}

}  // namespace arch
