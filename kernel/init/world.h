// Time and chance, for programs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/fs/environment.h"
#include "kernel/posix/file.h"
#include "kernel/random/generator.h"

namespace kernel {

class World final : public fs::Environment {
 public:
  // `seed`: what the machine gave at start-up; how long that took is mixed in.
  explicit World(const std::array<std::byte, entropy::kKeyBytes>& seed);

  // Until SetNow(), counts from 1970 on: clocks with a battery have drivers, which are programs.
  posix::TimeSpec Now() override;
  void SetNow(const posix::TimeSpec& now) override;

  uint64_t MonotonicNanoseconds() override;
  void FillRandom(std::span<std::byte> bytes) override;
  void StirRandom(std::span<const std::byte> bytes) override;

 private:
  entropy::Generator generator_;
  int64_t real_at_start_ = 0;  // nanoseconds since 1970 when the monotonic clock showed 0
};

}  // namespace kernel
