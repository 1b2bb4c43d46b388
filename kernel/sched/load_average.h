// How many threads want the processor, averaged over 1, 5 and 15 minutes: what uptime(1) shows.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sched {

class LoadAverage {
 public:
  static constexpr uint64_t kPeriodNanoseconds = 5'000'000'000;

  // Called often, with how many run or could; takes note every kPeriodNanoseconds.
  void Update(uint64_t now_nanoseconds, size_t runnable) {
    while (now_nanoseconds - last_ >= kPeriodNanoseconds) {
      last_ += kPeriodNanoseconds;
      for (size_t i = 0; i < loads_.size(); ++i) {
        const uint64_t target = uint64_t{runnable} * kOne;
        loads_[i] = (loads_[i] * kKept[i] + target * (kOne - kKept[i])) / kOne;
      }
    }
  }

  [[nodiscard]] std::array<uint32_t, 3> hundredths() const {
    std::array<uint32_t, 3> result{};
    for (size_t i = 0; i < loads_.size(); ++i) {
      result[i] = static_cast<uint32_t>((loads_[i] * kHundred + kOne / 2) / kOne);
    }
    return result;
  }

 private:
  static constexpr uint64_t kOne = 1 << 16;
  static constexpr uint64_t kHundred = 100;
  // What is kept of an average in a period: e^(-5/60), e^(-5/300), e^(-5/900).
  static constexpr std::array<uint64_t, 3> kKept = {60296, 64453, 65173};

  uint64_t last_ = 0;
  std::array<uint64_t, 3> loads_{};  // in kOne
};

}  // namespace sched
