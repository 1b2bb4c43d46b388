// What FUTEX_WAKE_OP does to a word, and asks of what it was: packed into a number of the call.
#pragma once

#include <cstdint>
#include <optional>

namespace process {

class FutexOperation {
 public:
  // Linux's uapi/linux/futex.h: from above, a flag and the operation, the comparison, and 12 bits
  // for the operand of each, signed. Nothing for what is none.
  [[nodiscard]] static constexpr std::optional<FutexOperation> Decode(uint32_t packed) {
    FutexOperation decoded;
    decoded.operation_ = packed >> 28 & 0x7;
    decoded.comparison_ = packed >> 24 & 0xf;
    const bool is_shift = packed >> 31 != 0;
    const int32_t operand = SignExtended(packed >> 12 & kOperandMask);
    decoded.operand_ = is_shift ? uint32_t{1} << (operand & 31) : static_cast<uint32_t>(operand);
    decoded.compared_with_ = SignExtended(packed & kOperandMask);
    const bool is_known = decoded.operation_ <= kXor && decoded.comparison_ <= kGreaterOrEqual;
    if (!is_known) return std::nullopt;
    return decoded;
  }

  [[nodiscard]] constexpr uint32_t Apply(uint32_t word) const {
    switch (operation_) {
      case kSet:
        return operand_;
      case kAdd:
        return word + operand_;
      case kOr:
        return word | operand_;
      case kAndNot:
        return word & ~operand_;
      default:
        return word ^ operand_;
    }
  }

  [[nodiscard]] constexpr bool Holds(uint32_t word) const {
    const auto value = static_cast<int32_t>(word);
    switch (comparison_) {
      case kEqual:
        return value == compared_with_;
      case kNotEqual:
        return value != compared_with_;
      case kLess:
        return value < compared_with_;
      case kLessOrEqual:
        return value <= compared_with_;
      case kGreater:
        return value > compared_with_;
      default:
        return value >= compared_with_;
    }
  }

 private:
  static constexpr uint32_t kOperandMask = 0xfff;
  static constexpr unsigned kSet = 0, kAdd = 1, kOr = 2, kAndNot = 3, kXor = 4;
  static constexpr unsigned kEqual = 0, kNotEqual = 1, kLess = 2, kLessOrEqual = 3, kGreater = 4,
                            kGreaterOrEqual = 5;

  static constexpr int32_t SignExtended(uint32_t bits) {
    constexpr unsigned kUnused = 20;
    return static_cast<int32_t>(bits << kUnused) >> kUnused;
  }

  unsigned operation_ = kSet;
  unsigned comparison_ = kEqual;
  uint32_t operand_ = 0;
  int32_t compared_with_ = 0;
};

}  // namespace process
