#include "kernel/posix/errno.h"

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>

#include "testing/unit/test.h"

namespace posix {
namespace {

TEST(Errno, ErrorsOfTheMemoryManager) {
  struct Row {
    base::Error error;
    int number;  // Linux's
  };
  constexpr Row kRows[] = {
      {base::Error::kOutOfMemory, 12},   {base::Error::kInvalidArgument, 22},
      {base::Error::kOutOfRange, 14},    {base::Error::kNotFound, 2},
      {base::Error::kAlreadyExists, 17}, {base::Error::kNotAligned, 22},
      {base::Error::kOverlap, 34},       {base::Error::kUnsupported, 95},
      {base::Error::kCorrupt, 5},        {base::Error::kNotPermitted, 1},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(static_cast<int>(ErrnoOf(row.error)), row.number);
    EXPECT_EQ(ReturnValueOf(ErrnoOf(row.error)), -row.number);
  }
}

TEST(Errno, ResultsOfCallsAreOneWord) {
  struct Row {
    CallResult result;
    intptr_t word;
    bool has_value;
  };
  const Row rows[] = {
      {0, 0, true},
      {uint8_t{7}, 7, true},
      {std::unexpected(Errno::kNoEntry), -2, false},
      {std::unexpected(Errno::kRestartUnlessHandled), -514, false},
      {Result<size_t>(9), 9, true},
      {Result<size_t>(std::unexpected(Errno::kFault)), -14, false},
      {Result<>(), 0, true},
      {Result<>(std::unexpected(Errno::kNotPermitted)), -1, false},
      // What mmap returns may have the sign bit.
      {std::numeric_limits<intptr_t>::min(), std::numeric_limits<intptr_t>::min(), true},
      {-4096, -4096, true},
      {-4095, -4095, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(row.result.word(), row.word);
    EXPECT_EQ(row.result.has_value(), row.has_value);
    if (row.has_value) {
      EXPECT_EQ(*row.result, row.word);
    } else {
      EXPECT_EQ(ReturnValueOf(row.result.error()), row.word);
    }
  }
}

TEST(Errno, ResultsChangeTheirErrors) {
  const Result<int> good = ToPosix(base::Result<int>(7));
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(*good, 7);
  const Result<int> bad = ToPosix(base::Result<int>(std::unexpected(base::Error::kNotFound)));
  EXPECT_TRUE(bad.error() == Errno::kNoEntry);
}

}  // namespace
}  // namespace posix
