#include "kernel/ipc/shared_segments.h"

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/space_world.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/ipc.h"
#include "testing/unit/test.h"

namespace ipc {
namespace {

using posix::Errno;

constexpr int kMake = posix::ipc::kCreate | 0600;
constexpr size_t kBytes = 2 * mm::kPageSize - 1;

struct World {
  mm::SpaceWorld spaces;
  mm::SlabTestMemory slabs;
  mm::TestLargeBlocks large{slabs.pages};
  mm::KernelHeap heap{slabs.depot, large};  // CHECKs at its end that every block is free
  SharedSegments segments{heap, spaces.objects};

  int32_t Made(int32_t key) { return segments.Get(key, kBytes, kMake, 7, 99).value_or(-1); }
  SharedSegments::Segment& Of(int32_t id) { return **segments.Find(id); }

  static mm::MapRequest RequestFor(SharedSegments::Segment& segment) {
    return {.size_bytes = segment.object().size_bytes(),
            .kind = mm::VmaKind::kShared,
            .sharing = mm::Sharing::kShared,
            .object = mm::ObjectReference(segment.object())};
  }
};

template <class T>
Errno ErrorOf(const posix::Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Errno{} : result.error();
}

TEST(SharedSegments, AreFoundByKey) {
  World world;
  EXPECT_EQ(ErrorOf(world.segments.Get(5, kBytes, 0600, 7, 99)), Errno::kNoEntry);
  const int32_t id = world.Made(5);
  EXPECT_EQ(world.segments.Get(5, 0, 0, 7, 99).value_or(-1), id);
  EXPECT_EQ(ErrorOf(world.segments.Get(5, kBytes + 1, 0, 7, 99)), Errno::kInvalid);
  EXPECT_EQ(ErrorOf(world.segments.Get(5, kBytes, kMake | posix::ipc::kExclusive, 7, 99)),
            Errno::kExists);
  EXPECT_EQ(world.Of(id).size_bytes(), kBytes);
  EXPECT_EQ(world.Of(id).object().size_bytes(), 2 * mm::kPageSize);
  EXPECT_EQ(world.Of(id).creator, 7);
  EXPECT_EQ(world.segments.FindByObject(world.Of(id).object()), &world.Of(id));
  world.segments.Remove(world.Of(id));
  EXPECT_EQ(ErrorOf(world.segments.Find(id)), Errno::kInvalid);
}

TEST(SharedSegments, RefuseSizesThatAreNone) {
  World world;
  for (const size_t bytes : {size_t{0}, ~size_t{0}, ~size_t{0} - mm::kPageSize}) {
    EXPECT_FALSE(world.segments.Get(1, bytes, kMake, 7, 99).has_value()) << bytes;
  }
  EXPECT_EQ(ErrorOf(world.segments.Find(0)), Errno::kInvalid);
}

// What System V asks for, and Linux does: a removed segment ends with its last mapping.
TEST(SharedSegments, LiveOnWhileMapped) {
  World world;
  const int32_t id = world.Made(5);
  auto one = world.spaces.NewSpace();
  auto two = world.spaces.NewSpace();
  const mm::VirtAddr here = *one->Map(World::RequestFor(world.Of(id)));
  EXPECT_TRUE(world.spaces.Write(*one, here, 42));
  EXPECT_EQ(world.Of(id).object().views(), size_t{1});

  world.segments.Remove(world.Of(id));
  EXPECT_TRUE(world.Of(id).IsRemoved());
  EXPECT_EQ(world.segments.KeyOf(world.Of(id)), posix::ipc::kPrivate);
  EXPECT_EQ(ErrorOf(world.segments.Get(5, kBytes, 0, 7, 99)), Errno::kNoEntry);

  const mm::VirtAddr there = *two->Map(World::RequestFor(world.Of(id)));
  EXPECT_EQ(world.spaces.Read(*two, there), 42);
  ASSERT_TRUE(one->Unmap({here, 2 * mm::kPageSize}).has_value());
  EXPECT_TRUE(world.segments.Find(id).has_value());
  two = {};
  EXPECT_EQ(ErrorOf(world.segments.Find(id)), Errno::kInvalid);
}

}  // namespace
}  // namespace ipc
