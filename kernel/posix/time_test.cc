#include "kernel/posix/time.h"

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "testing/unit/test.h"

namespace {

using posix::LongTime;
using posix::NanosecondsOf;

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();

TEST(Time, Nanoseconds) {
  struct Case {
    LongTime time;
    std::optional<uint64_t> nanoseconds;
  };
  const std::array<Case, 8> cases = {{
      {{0, 0}, 0},
      {{2, 5}, 2'000'000'005},
      {{1, 999'999'999}, 1'999'999'999},
      {{1, 1'000'000'000}, std::nullopt},
      {{1, -1}, std::nullopt},
      {{-1, 0}, std::nullopt},
      {{kMost, 0}, posix::kLongestNanoseconds},
      {{18'446'744'073, 999'999'999}, posix::kLongestNanoseconds},
  }};
  for (const Case& one : cases) EXPECT_TRUE(NanosecondsOf(one.time) == one.nanoseconds);
}

TEST(Time, Microseconds) {
  using Time = posix::MicrosecondTimeOf<int32_t>;
  EXPECT_TRUE(NanosecondsOf(Time{3, 999'999}) == 3'999'999'000u);
  EXPECT_FALSE(NanosecondsOf(Time{3, 1'000'000}).has_value());
  EXPECT_FALSE(NanosecondsOf(Time{3, -1}).has_value());
}

TEST(Time, BackAgain) {
  const auto time = posix::TimeFrom<int64_t>(5'000'000'123);
  EXPECT_EQ(time.seconds, 5);
  EXPECT_EQ(time.nanoseconds, 123);
  const auto short_time = posix::MicrosecondTimeFrom<int32_t>(5'000'123'456);
  EXPECT_EQ(short_time.seconds, 5);
  EXPECT_EQ(short_time.microseconds, 123);
}

}  // namespace
