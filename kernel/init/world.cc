#include "kernel/init/world.h"

#include <algorithm>

#include "arch/ops/cpu.h"
#include "arch/ops/timer.h"
#include "kernel/posix/time.h"

namespace kernel {
namespace {

// With a sign: the time of day may be before 1970.
constexpr auto kSecond = static_cast<int64_t>(posix::kNanosecondsPerSecond);

}  // namespace

World::World(const std::array<std::byte, entropy::kKeyBytes>& seed) : generator_(seed) {
  const uint64_t cycles = arch::ReadCycles();
  generator_.Mix(std::as_bytes(std::span(&cycles, 1)));
}

posix::TimeSpec World::Now() {
  const int64_t now = real_at_start_ + static_cast<int64_t>(MonotonicNanoseconds());
  return {.seconds = now / kSecond, .nanoseconds = now % kSecond};
}

void World::SetNow(const posix::TimeSpec& now) {
  real_at_start_ =
      now.seconds * kSecond + now.nanoseconds - static_cast<int64_t>(MonotonicNanoseconds());
}

uint64_t World::MonotonicNanoseconds() { return arch::MonotonicNanoseconds(); }

void World::FillRandom(std::span<std::byte> bytes) { generator_.Fill(bytes); }

void World::StirRandom(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), entropy::kKeyBytes);
    generator_.Mix(bytes.first(count));
    bytes = bytes.subspan(count);
  }
}

}  // namespace kernel
