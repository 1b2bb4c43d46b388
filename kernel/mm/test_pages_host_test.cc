// What TestPages does not let pass.
#include <cstddef>
#include <span>

#include "gtest/gtest.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/test_pages.h"

namespace mm {
namespace {

class TestPagesDeathTest : public testing::Test {
 protected:
  std::byte* Take(unsigned order) {
    return static_cast<std::byte*>(pages_.AllocatePages(order).value());
  }

  static inline TestArena<9> arena_;
  TestPages pages_{arena_.bytes};
};

TEST_F(TestPagesDeathTest, FreeOfAnotherOrder) {
  std::byte* const run = Take(1);
  EXPECT_DEATH(pages_.FreePages(run, 0), "FirstOf");
  EXPECT_DEATH(pages_.FreePages(run, 20), "kOrders");
}

TEST_F(TestPagesDeathTest, FreeOfWhatIsNotInUse) {
  std::byte* const page = Take(0);
  pages_.FreePages(page, 0);
  EXPECT_DEATH(pages_.FreePages(page, 0), "FirstOf");
}

TEST_F(TestPagesDeathTest, FreeOfTheMiddle) {
  std::byte* const run = Take(1);
  EXPECT_DEATH(pages_.FreePages(run + kPageSize, 0), "FirstOf");
  EXPECT_DEATH(pages_.FreePages(run + 64, 1), "IsAligned");
}

TEST_F(TestPagesDeathTest, FreeOfForeignPages) {
  EXPECT_DEATH(pages_.FreePages(arena_.bytes + 8 * kPageSize, 0), "memory_") << "the books";
  int here = 0;
  EXPECT_DEATH(pages_.FreePages(&here, 0), "memory_");
}

TEST_F(TestPagesDeathTest, WriteToAFreePage) {
  std::byte* const page = Take(0);
  pages_.FreePages(page, 0);
  EXPECT_DEATH(
      {
        page[77] = std::byte{0};
        pages_.CheckFreePages();
      },
      "IsUntouched");
  EXPECT_DEATH(
      {
        page[kPageSize - 1] = std::byte{0};
        (void)Take(0);
      },
      "IsUntouched");
}

TEST_F(TestPagesDeathTest, ArenaOfTheWrongShape) {
  EXPECT_DEATH(TestPages(std::span(arena_.bytes).first(kPageSize)), "pages >= 2");
  EXPECT_DEATH(TestPages(std::span(arena_.bytes).subspan(8)), "IsAligned");
}

}  // namespace
}  // namespace mm
