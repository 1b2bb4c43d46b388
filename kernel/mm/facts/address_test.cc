#include "kernel/mm/facts/address.h"

#include <concepts>
#include <cstdint>
#include <limits>

#include "kernel/base/print.h"
#include "testing/unit/test.h"
#include "testing/unit/text_buffer.h"

namespace {

using mm::FrameNumber;
using mm::PageCount;
using mm::PhysAddr;
using mm::VirtAddr;

constexpr uint64_t kMaximum = std::numeric_limits<uint64_t>::max();

// Types do not mix: none of these is an expression.
static_assert(!std::convertible_to<PhysAddr, VirtAddr>);
static_assert(!std::convertible_to<VirtAddr, PhysAddr>);
static_assert(!std::convertible_to<uint64_t, PhysAddr>);
static_assert(!std::convertible_to<PhysAddr, uint64_t>);

template <class Left, class Right>
concept Compares = requires(Left left, Right right) { left == right; };
template <class Left, class Right>
concept Adds = requires(Left left, Right right) { left + right; };
template <class Left, class Right>
concept Subtracts = requires(Left left, Right right) { left - right; };

static_assert(Compares<PhysAddr, PhysAddr> && !Compares<PhysAddr, VirtAddr>);
static_assert(Subtracts<VirtAddr, VirtAddr> && !Subtracts<PhysAddr, VirtAddr>);
static_assert(Adds<VirtAddr, PageCount> && !Adds<VirtAddr, VirtAddr>);
static_assert(Adds<FrameNumber, PageCount> && !Adds<FrameNumber, uint64_t>);

TEST(Address, OrderAndArithmetic) {
  EXPECT_LT(PhysAddr{1}, PhysAddr{2});
  EXPECT_EQ(PhysAddr{0x1000} + 0x234, PhysAddr{0x1234});
  EXPECT_EQ(PhysAddr{0x1234} - 0x234, PhysAddr{0x1000});
  EXPECT_EQ(VirtAddr{0x1000} + PageCount{2}, VirtAddr{0x3000});
  EXPECT_EQ(VirtAddr{0x3000} - PageCount{3}, VirtAddr{0});
  EXPECT_EQ(VirtAddr{0x5000} - VirtAddr{0x1000}, 0x4000u);
  EXPECT_EQ(FrameNumber{5} + PageCount{3}, FrameNumber{8});
  EXPECT_EQ(FrameNumber{8} - FrameNumber{5}, PageCount{3});
  EXPECT_EQ(FrameNumber{8} - PageCount{8}, FrameNumber{0});
}

TEST(Address, TopOfTheSpace) {
  EXPECT_EQ(VirtAddr{kMaximum - 1} + 1, VirtAddr{kMaximum});
  EXPECT_EQ(VirtAddr{kMaximum} - VirtAddr{0}, kMaximum);
  EXPECT_EQ(mm::AlignDown(VirtAddr{kMaximum}, mm::kPageSize), VirtAddr{kMaximum - 4095});
  EXPECT_EQ(mm::FrameContaining(PhysAddr{kMaximum}), FrameNumber{kMaximum >> 12});
  EXPECT_EQ(mm::BaseOf(FrameNumber{kMaximum >> 12}), PhysAddr{kMaximum - 4095});
}

TEST(Address, Pages) {
  EXPECT_EQ(mm::FrameContaining(PhysAddr{0x1FFF}), FrameNumber{1});
  EXPECT_EQ(mm::BaseOf(FrameNumber{3}), PhysAddr{0x3000});
  EXPECT_EQ(mm::PagesIn(0x4000), PageCount{4});
  EXPECT_EQ(mm::PagesIn(0), PageCount{0});
  EXPECT_EQ(mm::PagesFor(0), PageCount{0});
  EXPECT_EQ(mm::PagesFor(1), PageCount{1});
  EXPECT_EQ(mm::PagesFor(0x1000), PageCount{1});
  EXPECT_EQ(mm::PagesFor(0x1001), PageCount{2});
  EXPECT_EQ(PageCount{3}.bytes(), 0x3000u);
  PageCount count{4};
  count += PageCount{3};
  count -= PageCount{1};
  EXPECT_EQ(count, PageCount{6});
}

TEST(Address, Alignment) {
  EXPECT_TRUE(mm::IsAligned(VirtAddr{0x2000}, mm::kPageSize));
  EXPECT_FALSE(mm::IsAligned(VirtAddr{0x2001}, mm::kPageSize));
  EXPECT_EQ(mm::AlignUp(PhysAddr{0x2001}, mm::kPageSize), PhysAddr{0x3000});
}

TEST(Address, Pointers) {
  int object = 0;
  EXPECT_EQ(mm::PointerTo(mm::AddressOf(&object)), &object);
}

TEST(Address, Print) {
  unit::TextBuffer buffer;
  base::Print(buffer, "{} {} {:x} {} {}", PhysAddr{0x1000}, VirtAddr{kMaximum}, VirtAddr{0x20},
              FrameNumber{7}, PageCount{9});
  EXPECT_EQ(buffer.text(), "0x0000000000001000 0xffffffffffffffff 20 7 9");
}

}  // namespace
