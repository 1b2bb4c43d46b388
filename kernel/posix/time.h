// Times of the Linux interface: seconds and a fraction, with seconds of a machine's word or of 64
// bits.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "kernel/base/clock_scale.h"

namespace posix {

using base::kNanosecondsPerSecond;
inline constexpr uint64_t kNanosecondsPerMicrosecond = 1'000;
inline constexpr uint64_t kMicrosecondsPerSecond = 1'000'000;

// struct timespec.
template <class Word>
struct TimeOf {
  Word seconds;
  Word nanoseconds;
};
// What the calls take that have been there always, and those with 64 bits.
using WordTime = TimeOf<intptr_t>;
using LongTime = TimeOf<int64_t>;

// struct timeval.
template <class Word>
struct MicrosecondTimeOf {
  Word seconds;
  Word microseconds;
};
using MicrosecondTime = MicrosecondTimeOf<intptr_t>;

// struct itimerval.
struct IntervalSetting {
  MicrosecondTime interval;
  MicrosecondTime left;
};

// struct itimerspec.
template <class Word>
struct TimerSettingOf {
  TimeOf<Word> interval;
  TimeOf<Word> left;
};

// The most that a clock of nanoseconds can say.
inline constexpr uint64_t kLongestNanoseconds = std::numeric_limits<uint64_t>::max();

// As nanoseconds; what is too long for them becomes the longest. Nothing for what is no time:
// negative, or a fraction of a second and more.
template <class Word>
[[nodiscard]] constexpr std::optional<uint64_t> NanosecondsOf(const TimeOf<Word>& time) {
  // Programs of 32 bits leave the upper half of the fraction as it was.
  const auto fraction = static_cast<int64_t>(static_cast<int32_t>(time.nanoseconds));
  const bool fits = sizeof(Word) == sizeof(int32_t) || sizeof(uintptr_t) == sizeof(int32_t) ||
                    static_cast<int64_t>(time.nanoseconds) == fraction;
  if (time.seconds < 0 || fraction < 0 || !fits ||
      static_cast<uint64_t>(fraction) >= kNanosecondsPerSecond) {
    return std::nullopt;
  }
  const auto seconds = static_cast<uint64_t>(time.seconds);
  if (seconds >= kLongestNanoseconds / kNanosecondsPerSecond) return kLongestNanoseconds;
  return seconds * kNanosecondsPerSecond + static_cast<uint64_t>(fraction);
}
template <class Word>
[[nodiscard]] constexpr std::optional<uint64_t> NanosecondsOf(const MicrosecondTimeOf<Word>& time) {
  if (time.microseconds < 0 || static_cast<uint64_t>(time.microseconds) >= kMicrosecondsPerSecond) {
    return std::nullopt;
  }
  return NanosecondsOf(TimeOf<Word>{
      time.seconds, static_cast<Word>(time.microseconds * int64_t{kNanosecondsPerMicrosecond})});
}

template <class Word>
[[nodiscard]] constexpr TimeOf<Word> TimeFrom(uint64_t nanoseconds) {
  return {static_cast<Word>(nanoseconds / kNanosecondsPerSecond),
          static_cast<Word>(nanoseconds % kNanosecondsPerSecond)};
}
template <class Word>
[[nodiscard]] constexpr MicrosecondTimeOf<Word> MicrosecondTimeFrom(uint64_t nanoseconds) {
  const TimeOf<Word> time = TimeFrom<Word>(nanoseconds);
  return {time.seconds, static_cast<Word>(time.nanoseconds / Word{kNanosecondsPerMicrosecond})};
}

// clockid_t, uapi/linux/time.h.
enum class Clock : int32_t {
  kRealTime = 0,
  kMonotonic = 1,
  kProcessTime = 2,
  kThreadTime = 3,
  kMonotonicRaw = 4,
  kRealTimeCoarse = 5,
  kMonotonicCoarse = 6,
  kBootTime = 7,
};

// clock_nanosleep's flag.
inline constexpr int kAbsoluteTime = 1;  // TIMER_ABSTIME

// struct tms: ticks of the clock.
template <class Word>
struct ProcessTimesOf {
  Word user;
  Word system;
  Word children_user;
  Word children_system;
};
using ProcessTimes = ProcessTimesOf<intptr_t>;

}  // namespace posix
