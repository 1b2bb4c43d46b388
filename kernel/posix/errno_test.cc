#include "kernel/posix/errno.h"

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

TEST(Errno, ResultsChangeTheirErrors) {
  const Result<int> good = ToPosix(base::Result<int>(7));
  ASSERT_TRUE(good.has_value());
  EXPECT_EQ(*good, 7);
  const Result<int> bad = ToPosix(base::Result<int>(std::unexpected(base::Error::kNotFound)));
  EXPECT_TRUE(bad.error() == Errno::kNoEntry);
}

}  // namespace
}  // namespace posix
