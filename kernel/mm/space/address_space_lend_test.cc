// Pages that a space shows to others.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "kernel/base/result.h"
#include "kernel/mm/space/address_space.h"
#include "kernel/mm/space/space_world.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using base::Error;
using Space = SpaceWorld::Space;

constexpr VirtAddr kBase{0x1000'0000};

constexpr VirtRange Pages(uint64_t first, uint64_t count) {
  return {kBase + PageCount{first}, PageCount{count}.bytes()};
}
constexpr VirtAddr Page(uint64_t number) { return kBase + PageCount{number}; }

MapRequest At(const VirtRange& range, Access access = Access::kReadWrite) {
  return {
      .size_bytes = range.size_bytes, .access = access, .place = Place::kExactly, .va = range.base};
}

// Who is shown pages, and keeps them. Takes so many and no more.
struct Borrower {
  base::Result<> Take(uint64_t number, FrameReference&& frame) {
    if (frames.size() == most) return std::unexpected(Error::kOutOfMemory);
    EXPECT_EQ(number, frames.size());
    frames.push_back(std::move(frame));
    return {};
  }
  base::Result<> Borrow(Space& space, const VirtRange& range) {
    return space.LendPages(range, [this](uint64_t number, FrameReference&& frame) {
      return Take(number, std::move(frame));
    });
  }
  int First(SpaceWorld& world, size_t index) {
    return std::to_integer<int>(world.Byte(frames[index].frame(), {0}));
  }

  std::vector<FrameReference> frames;
  size_t most = 100;
};

TEST(AddressSpaceLend, PrivatePagesStayAsTheyWere) {
  SpaceWorld world;
  {
    const auto space = world.NewSpace();
    ASSERT_TRUE(space->Map(At(Pages(0, 3))).has_value());
    ASSERT_TRUE(world.Write(*space, Page(0), 1));
    ASSERT_TRUE(world.Write(*space, Page(2), 3));
    Borrower borrower;
    ASSERT_TRUE(borrower.Borrow(*space, Pages(0, 3)).has_value());
    ASSERT_EQ(borrower.frames.size(), 3U);
    EXPECT_TRUE(world.Write(*space, Page(0), 10));
    EXPECT_TRUE(world.Write(*space, Page(1), 20));
    EXPECT_EQ(world.Read(*space, Page(0)), 10);
    EXPECT_EQ(borrower.First(world, 0), 1);
    EXPECT_EQ(borrower.First(world, 1), 0);
    EXPECT_EQ(borrower.First(world, 2), 3);
    EXPECT_TRUE(space->CheckInvariants().has_value());
    ASSERT_TRUE(space->Unmap(Pages(0, 3)).has_value());
    EXPECT_EQ(borrower.First(world, 2), 3);
  }
  EXPECT_TRUE(world.IsEmpty());
}

// Once nobody has them any more, the space writes to its own pages without a copy.
TEST(AddressSpaceLend, PagesComeBack) {
  SpaceWorld world;
  {
    const auto space = world.NewSpace();
    ASSERT_TRUE(space->Map(At(Pages(0, 1))).has_value());
    ASSERT_TRUE(world.Write(*space, Page(0), 1));
    const FrameNumber before = space->table().PageAt(Page(0))->frame;
    ASSERT_TRUE(Borrower{}.Borrow(*space, Pages(0, 1)).has_value());
    EXPECT_TRUE(world.Write(*space, Page(0), 2));
    EXPECT_TRUE(space->table().PageAt(Page(0))->frame == before);
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpaceLend, SharedPagesStayShared) {
  SpaceWorld world;
  {
    const auto space = world.NewSpace();
    const auto object = *PagedObject::Create(world.objects, kPageSize);
    MapRequest request = At(Pages(0, 1));
    request.kind = VmaKind::kFile;
    request.sharing = Sharing::kShared;
    request.object = object.reference;
    ASSERT_TRUE(space->Map(request).has_value());
    Borrower borrower;
    ASSERT_TRUE(borrower.Borrow(*space, Pages(0, 1)).has_value());
    EXPECT_TRUE(world.Write(*space, Page(0), 5));
    EXPECT_EQ(borrower.First(world, 0), 5);
    EXPECT_TRUE(space->CheckInvariants().has_value());
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpaceLend, WhatCannotBeLent) {
  SpaceWorld world;
  {
    const auto space = world.NewSpace();
    ASSERT_TRUE(space->Map(At(Pages(0, 1))).has_value());
    ASSERT_TRUE(space->Map(At(Pages(2, 1))).has_value());
    ASSERT_TRUE(space->Map(At(Pages(3, 1), Access::kNone)).has_value());
    struct Row {
      VirtRange range;
      Error error;
    };
    const Row rows[] = {
        {Pages(0, 2), Error::kNotFound},
        {Pages(1, 1), Error::kNotFound},
        {Pages(2, 2), Error::kNotPermitted},
    };
    for (const Row& row : rows) {
      Borrower borrower;
      const auto result = borrower.Borrow(*space, row.range);
      EXPECT_TRUE(!result && result.error() == row.error);
      EXPECT_TRUE(space->CheckInvariants().has_value());
    }
    EXPECT_TRUE(world.Write(*space, Page(0), 1));
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpaceLend, ABorrowerThatHasEnough) {
  SpaceWorld world;
  {
    const auto space = world.NewSpace();
    ASSERT_TRUE(space->Map(At(Pages(0, 4))).has_value());
    Borrower borrower{.frames = {}, .most = 2};
    const auto result = borrower.Borrow(*space, Pages(0, 4));
    EXPECT_TRUE(!result && result.error() == Error::kOutOfMemory);
    EXPECT_EQ(borrower.frames.size(), 2U);
    EXPECT_TRUE(space->CheckInvariants().has_value());
    for (uint64_t number = 0; number < 4; ++number)
      EXPECT_TRUE(world.Write(*space, Page(number), 7));
  }
  EXPECT_TRUE(world.IsEmpty());
}

}  // namespace
}  // namespace mm
