#include "kernel/base/units.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace {

using namespace base::literals;  // NOLINT(google-build-using-namespace): the unit under test

TEST(Units, Sizes) {
  EXPECT_EQ(0_KiB, 0u);
  EXPECT_EQ(4_KiB, 0x1000u);
  EXPECT_EQ(2_MiB, 0x20'0000u);
  EXPECT_EQ(3_GiB, 0xC000'0000u);
  EXPECT_EQ(4_TiB, 0x400'0000'0000u);
  EXPECT_EQ(64_PiB, 0x0100'0000'0000'0000u);
  EXPECT_EQ(16383_PiB, 0xFFFC'0000'0000'0000u);
}

}  // namespace
