// When a timer is due: once, or again and again.
#pragma once

#include <cstdint>

#include "kernel/base/check.h"

namespace process {

// Moments are nanoseconds of the monotonic clock.
class TimerSchedule {
 public:
  struct Setting {
    uint64_t left_nanoseconds = 0;      // 0: not set
    uint64_t interval_nanoseconds = 0;  // 0: once
  };

  [[nodiscard]] bool IsSet() const { return is_set_; }
  [[nodiscard]] bool IsPeriodic() const { return interval_ != 0; }
  [[nodiscard]] uint64_t due() const { return due_; }

  void Set(uint64_t due, uint64_t interval) {
    is_set_ = true;
    due_ = due;
    interval_ = interval;
  }
  void Clear() { *this = {}; }

  // What is left until it is due next. One that is due only once and is late has nothing left.
  [[nodiscard]] Setting At(uint64_t now) const {
    if (!is_set_) return {};
    if (due_ > now) return {.left_nanoseconds = due_ - now, .interval_nanoseconds = interval_};
    if (interval_ == 0) return {};
    return {.left_nanoseconds = interval_ - (now - due_) % interval_,
            .interval_nanoseconds = interval_};
  }

  // Of one that is periodic and has been due: it is due next after `now`. Returns how often it has
  // been due since it was set, or since the last Advance().
  uint64_t Advance(uint64_t now) {
    CHECK(is_set_ && interval_ != 0 && due_ <= now);
    const uint64_t times = (now - due_) / interval_ + 1;
    due_ += times * interval_;
    return times;
  }

 private:
  bool is_set_ = false;
  uint64_t due_ = 0;
  uint64_t interval_ = 0;
};

}  // namespace process
