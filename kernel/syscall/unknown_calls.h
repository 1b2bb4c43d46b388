// Which system calls were asked for that the kernel does not have, and how often.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

// Not in namespace syscall: host tests include a C library that has a function of that name.
namespace kernel {

class UnknownCalls {
 public:
  // Different numbers that are told apart. Programs try a dozen at most; what a hostile one makes
  // up beyond this is counted together.
  static constexpr size_t kMostNumbers = 64;

  struct Count {
    uint32_t number;
    uint64_t times;
  };

  // O(kMostNumbers).
  void Add(uint32_t number) {
    for (Count& one : std::span(counts_).first(used_)) {
      if (one.number == number) {
        ++one.times;
        return;
      }
    }
    if (used_ == kMostNumbers) {
      ++others_;
      return;
    }
    counts_[used_++] = {number, 1};
  }

  // In the order in which they were first asked for.
  [[nodiscard]] std::span<const Count> counts() const { return std::span(counts_).first(used_); }
  // Calls with numbers that came when there was no more room.
  [[nodiscard]] uint64_t others() const { return others_; }

 private:
  std::array<Count, kMostNumbers> counts_{};
  size_t used_ = 0;
  uint64_t others_ = 0;
};

}  // namespace kernel
