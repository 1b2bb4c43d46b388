// What the file system needs of the rest of the kernel. kernel/init gives it; host tests play it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/posix/file.h"

namespace fs {

class Environment {
 public:
  // The real-time clock, for time stamps.
  [[nodiscard]] virtual posix::TimeSpec Now() = 0;
  // From now on Now() counts from there.
  virtual void SetNow(const posix::TimeSpec& now) = 0;
  // The clock of sched::Deadline.
  [[nodiscard]] virtual uint64_t MonotonicNanoseconds() = 0;
  // Random bytes, as /dev/urandom and getrandom() give them. Never blocks.
  virtual void FillRandom(std::span<std::byte> bytes) = 0;
  // Makes those that come depend on `bytes` as well.
  virtual void StirRandom(std::span<const std::byte> bytes) = 0;

 protected:
  Environment() = default;
  ~Environment() = default;
  Environment(const Environment&) = default;
  Environment& operator=(const Environment&) = default;
};

}  // namespace fs
