// The part of GoogleTest's interface that our unit tests use, for tests that run inside a kernel:
// no allocation, no exceptions, no constructors before main. See testing/unit/README.md.
#pragma once

#include <concepts>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "testing/unit/kernel_runner.h"

namespace unit {

template <class Left, class Right>
inline constexpr bool kBothIntegers = std::integral<Left> && std::integral<Right> &&
                                      !std::same_as<Left, bool> && !std::same_as<Right, bool>;

// Integers compare by value whatever their signs, like people do.
struct Equal {
  template <class Left, class Right>
  static constexpr bool Holds(const Left& left, const Right& right) {
    if constexpr (kBothIntegers<Left, Right>) {
      return std::cmp_equal(left, right);
    } else {
      return left == right;
    }
  }
};

struct Less {
  template <class Left, class Right>
  static constexpr bool Holds(const Left& left, const Right& right) {
    if constexpr (kBothIntegers<Left, Right>) {
      return std::cmp_less(left, right);
    } else {
      return left < right;
    }
  }
};

struct Greater {
  template <class Left, class Right>
  static constexpr bool Holds(const Left& left, const Right& right) {
    return Less::Holds(right, left);
  }
};

// A type prints when it is an enumeration or has a FormatValue(); other values show as "?".
template <class T>
constexpr base::FormatArgument Show(const T& value) {
  using base::FormatValue;
  if constexpr (std::is_null_pointer_v<T>) {
    return FormatValue("nullptr");
  } else if constexpr (std::is_pointer_v<T> && !std::convertible_to<T, const char*>) {
    return base::FormatArgument::Address(reinterpret_cast<uintptr_t>(value));
  } else if constexpr (std::is_enum_v<T>) {
    return FormatValue(std::to_underlying(value));
  } else if constexpr (requires { FormatValue(value); }) {
    return FormatValue(value);
  } else {
    return FormatValue("?");
  }
}

struct Outcome {
  bool holds;
  base::FormatArgument left;
  base::FormatArgument right;
};

template <class Relation, class Left, class Right>
Outcome Compare(const Left& left, const Right& right, bool wanted) {
  return {Relation::Holds(left, right) == wanted, Show(left), Show(right)};
}

inline Outcome CompareTruth(bool value, bool wanted) {
  return {value == wanted, Show(value), Show(wanted)};
}

// What a test adds with <<: shown in the failure's line.
class Message {
 public:
  explicit Message(const Failure& failure) { BeginFailure(failure); }

  template <class T>
  const Message& operator<<(const T& value) const {
    AddToFailure(Show(value));
    return *this;
  }
};

// Ends the failure's line. Assignment binds looser than <<, and yields void, so ASSERT_* can return
// it.
struct FinishedFailure {
  void operator=(const Message&) const { EndFailure(); }
};

}  // namespace unit

#define TEST(suite, name)                                                               \
  static void suite##_##name##_Body();                                                  \
  [[gnu::section("atlas_tests"), gnu::used,                                             \
    gnu::retain]] static constinit const ::unit::TestRecord suite##_##name##_record = { \
      #suite, #name, suite##_##name##_Body};                                            \
  static void suite##_##name##_Body()

// `leave` is empty to go on after a failure, or `return`.
#define UNIT_REQUIRE(outcome_of, text, leave)                                             \
  switch (0) /* so that an else after the caller's own if stays the caller's */           \
  case 0:                                                                                 \
  default:                                                                                \
    if (const ::unit::Outcome unit_outcome = outcome_of; unit_outcome.holds) [[likely]] { \
    } else                                                                                \
      leave ::unit::FinishedFailure() =                                                   \
          ::unit::Message({__FILE__, __LINE__, text, unit_outcome.left, unit_outcome.right})

#define UNIT_COMPARE(kind, relation, wanted, left, right, leave)         \
  UNIT_REQUIRE((::unit::Compare<::unit::relation>(left, right, wanted)), \
               kind "(" #left ", " #right ")", leave)
#define UNIT_TRUTH(kind, value, wanted, leave) \
  UNIT_REQUIRE(::unit::CompareTruth(static_cast<bool>(value), wanted), kind "(" #value ")", leave)

#define EXPECT_EQ(left, right) UNIT_COMPARE("EXPECT_EQ", Equal, true, left, right, )
#define EXPECT_NE(left, right) UNIT_COMPARE("EXPECT_NE", Equal, false, left, right, )
#define EXPECT_LT(left, right) UNIT_COMPARE("EXPECT_LT", Less, true, left, right, )
#define EXPECT_GE(left, right) UNIT_COMPARE("EXPECT_GE", Less, false, left, right, )
#define EXPECT_GT(left, right) UNIT_COMPARE("EXPECT_GT", Greater, true, left, right, )
#define EXPECT_LE(left, right) UNIT_COMPARE("EXPECT_LE", Greater, false, left, right, )
#define EXPECT_TRUE(value) UNIT_TRUTH("EXPECT_TRUE", value, true, )
#define EXPECT_FALSE(value) UNIT_TRUTH("EXPECT_FALSE", value, false, )

#define ASSERT_EQ(left, right) UNIT_COMPARE("ASSERT_EQ", Equal, true, left, right, return)
#define ASSERT_NE(left, right) UNIT_COMPARE("ASSERT_NE", Equal, false, left, right, return)
#define ASSERT_LT(left, right) UNIT_COMPARE("ASSERT_LT", Less, true, left, right, return)
#define ASSERT_GE(left, right) UNIT_COMPARE("ASSERT_GE", Less, false, left, right, return)
#define ASSERT_GT(left, right) UNIT_COMPARE("ASSERT_GT", Greater, true, left, right, return)
#define ASSERT_LE(left, right) UNIT_COMPARE("ASSERT_LE", Greater, false, left, right, return)
#define ASSERT_TRUE(value) UNIT_TRUTH("ASSERT_TRUE", value, true, return)
#define ASSERT_FALSE(value) UNIT_TRUTH("ASSERT_FALSE", value, false, return)

#define ADD_FAILURE() UNIT_REQUIRE(::unit::CompareTruth(false, true), "ADD_FAILURE()", )
#define FAIL() UNIT_REQUIRE(::unit::CompareTruth(false, true), "FAIL()", return)
