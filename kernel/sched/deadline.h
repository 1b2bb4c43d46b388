// How long somebody is ready to wait, and what became of it.
#pragma once

#include <compare>
#include <cstdint>
#include <limits>

namespace sched {

// A moment of the monotonic clock, which counts from start-up: arch::MonotonicNanoseconds().
struct Deadline {
  uint64_t nanoseconds;

  [[nodiscard]] static constexpr Deadline Never() { return {std::numeric_limits<uint64_t>::max()}; }
  // `nanoseconds` after `now`; never, where that leaves the clock's range.
  [[nodiscard]] static constexpr Deadline After(uint64_t now, uint64_t nanoseconds) {
    const uint64_t room = Never().nanoseconds - now;
    return nanoseconds < room ? Deadline{now + nanoseconds} : Never();
  }
  [[nodiscard]] constexpr bool IsNever() const { return *this == Never(); }

  friend constexpr auto operator<=>(const Deadline&, const Deadline&) = default;
};

enum class [[nodiscard]] WaitResult : uint8_t {
  kWoken,        // somebody woke the queue; whether what was waited for is true is to be seen
  kTimedOut,     // the deadline has passed
  kInterrupted,  // a signal is there for the thread: a system call ends with EINTR, or restarts
};

// What ends a wait besides a wake and the deadline.
enum class Interruption : uint8_t {
  kBySignals,  // any signal that the thread does not block
  kByDeath,    // only one that ends the thread
};

}  // namespace sched
