#include "kernel/mm/heap/size_class.h"

#include "testing/unit/test.h"

namespace mm {
namespace {

TEST(SizeClass, EverySizeGetsTheSmallestClassThatHoldsIt) {
  for (size_t bytes = 0; bytes <= kMaxClassBytes; ++bytes) {
    const size_t size_class = SizeClassOf(bytes);
    ASSERT_LT(size_class, kSizeClassCount) << bytes;
    ASSERT_LE(bytes, kSizeClassBytes[size_class]) << bytes;
    if (size_class > 0) {
      ASSERT_GT(bytes, kSizeClassBytes[size_class - 1]) << bytes;
    }
  }
}

TEST(SizeClass, PowersOfTwoAreClassesAndAligned) {
  for (size_t bytes = kSizeStep; bytes <= kMaxClassBytes; bytes *= 2) {
    EXPECT_EQ(kSizeClassBytes[SizeClassOf(bytes)], bytes);
    EXPECT_EQ(NaturalAlignment(bytes), bytes < 4096 ? bytes : 4096);
  }
}

// The heap's promise of compactness: from 512 bytes to a page, one byte in sixteen at most, and one
// in eight up to 8 KiB.
TEST(SizeClass, LittleIsLostToRounding) {
  for (size_t i = 1; i < kSizeClassCount; ++i) {
    const size_t before = kSizeClassBytes[i - 1];
    const size_t gap = kSizeClassBytes[i] - before;
    if (before < 256) {
      EXPECT_EQ(gap, kSizeStep) << before;
    } else if (before < 4096) {
      EXPECT_LE(gap * 14, before) << before;
    } else if (before < 8192) {
      EXPECT_LE(gap * 7, before) << before;
    }
  }
}

// Every kernel builds its tables while it is compiled; here they are built once more.
TEST(SizeClass, TablesAreWhatTheirRulesSay) {
  EXPECT_EQ(size_class_internal::kLinearBytes / kSizeStep + size_class_internal::CountShares(),
            kSizeClassCount);
  EXPECT_TRUE(size_class_internal::MakeBytes() == kSizeClassBytes);
  EXPECT_TRUE(size_class_internal::MakeClasses() == size_class_internal::kClasses);
  EXPECT_EQ(kSizeClassBytes.front(), kSizeStep);
  EXPECT_EQ(kSizeClassBytes.back(), kMaxClassBytes);
  for (const uint16_t bytes : kSizeClassBytes) EXPECT_EQ(bytes % kSizeStep, 0) << bytes;
}

}  // namespace
}  // namespace mm
