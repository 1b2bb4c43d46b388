#include "kernel/syscall/unknown_calls.h"

#include "testing/unit/test.h"

namespace kernel {
namespace {

TEST(UnknownCalls, CountsEachNumber) {
  UnknownCalls calls;
  calls.Add(7);
  calls.Add(9);
  calls.Add(7);
  ASSERT_EQ(calls.counts().size(), 2U);
  EXPECT_EQ(calls.counts()[0].number, 7U);
  EXPECT_EQ(calls.counts()[0].times, 2U);
  EXPECT_EQ(calls.counts()[1].number, 9U);
  EXPECT_EQ(calls.counts()[1].times, 1U);
  EXPECT_EQ(calls.others(), 0U);
}

TEST(UnknownCalls, LosesNoneWhenThereAreMany) {
  UnknownCalls calls;
  constexpr uint32_t kNumbers = UnknownCalls::kMostNumbers + 3;
  for (uint32_t number = 0; number < kNumbers; ++number) calls.Add(number);
  calls.Add(0);
  EXPECT_EQ(calls.counts().size(), UnknownCalls::kMostNumbers);
  EXPECT_EQ(calls.counts()[0].times, 2U);
  EXPECT_EQ(calls.others(), 3U);
}

}  // namespace
}  // namespace kernel
