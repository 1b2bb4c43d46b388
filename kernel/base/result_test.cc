#include "kernel/base/result.h"

#include <expected>
#include <string_view>
#include <utility>

#include "testing/unit/test.h"

namespace {

using base::Error;
using base::Result;

constexpr Error kErrors[] = {
    Error::kOutOfMemory,   Error::kInvalidArgument, Error::kOutOfRange, Error::kNotFound,
    Error::kAlreadyExists, Error::kNotAligned,      Error::kOverlap,    Error::kUnsupported,
    Error::kCorrupt,       Error::kNotPermitted,
};

TEST(Result, EveryErrorHasAName) {
  for (const Error error : kErrors) {
    EXPECT_NE(base::ErrorName(error), std::string_view("unknown error"));
    for (const Error other : kErrors) {
      EXPECT_EQ(error == other, base::ErrorName(error) == base::ErrorName(other));
    }
  }
}

Result<int> Half(int number) {
  if (number % 2 != 0) return std::unexpected(Error::kInvalidArgument);
  return number / 2;
}

Result<> MustBeSmall(int number) {
  if (number > 10) return std::unexpected(Error::kOutOfRange);
  return {};
}

Result<int> SmallQuarter(int number) {
  TRY(MustBeSmall(number));
  return TRY(Half(TRY(Half(number)))) + 0;
}

TEST(Result, TryGivesTheValueOrReturnsTheError) {
  ASSERT_TRUE(SmallQuarter(8).has_value());
  EXPECT_EQ(*SmallQuarter(8), 2);
  EXPECT_EQ(SmallQuarter(12).error(), Error::kOutOfRange);
  EXPECT_EQ(SmallQuarter(7).error(), Error::kInvalidArgument);
  EXPECT_EQ(SmallQuarter(6).error(), Error::kInvalidArgument);
}

struct MoveOnly {
  explicit MoveOnly(int number) : value(number) {}
  MoveOnly(MoveOnly&& other) noexcept : value(std::exchange(other.value, 0)) {}
  int value;
};

Result<MoveOnly> Make(int number) {
  TRY(MustBeSmall(number));
  return MoveOnly(number);
}

Result<int> Unwrap(int number) {
  const MoveOnly made = TRY(Make(number));
  return made.value;
}

TEST(Result, TryMovesWhatCannotBeCopied) {
  EXPECT_EQ(Unwrap(3), 3);
  EXPECT_FALSE(Unwrap(30).has_value());
}

Result<int> KeepsItsOperand(Result<int>& result) { return TRY(result) + 1; }

TEST(Result, TryLeavesALvalueAlone) {
  Result<int> result = 5;
  EXPECT_EQ(*KeepsItsOperand(result), 6);
  EXPECT_EQ(*result, 5);
}

}  // namespace
