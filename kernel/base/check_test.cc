#include "kernel/base/check.h"

#include "gtest/gtest.h"

namespace {

constexpr int Checked(int value) {
  CHECK(value > 0);
  return value;
}
static_assert(Checked(1) == 1);

TEST(CheckDeathTest, SaysWhatFailedAndWhere) {
  EXPECT_EQ(Checked(2), 2);
  EXPECT_DEATH(Checked(-1), "CHECK failed: value > 0, .*check_test.cc:[0-9]+, .*Checked");
}

}  // namespace
