#include "kernel/mm/heap/slab_geometry.h"

#include "testing/unit/test.h"

namespace mm {
namespace {

TEST(SlabGeometry, IndexIsDivision) {
  for (size_t stride = 8; stride <= kMaxObjectStride; stride += stride < 512 ? 8 : 104) {
    const SlabGeometry geometry(stride, 1);
    for (size_t first = 0; first + stride <= kMaxSlabBytes; first += stride) {
      const unsigned index = static_cast<unsigned>(first / stride);
      ASSERT_EQ(geometry.IndexOf(first), index) << stride;
      ASSERT_EQ(geometry.IndexOf(first + 1), index) << stride;
      ASSERT_EQ(geometry.IndexOf(first + stride - 1), index) << stride;
    }
  }
}

TEST(SlabGeometry, OrdersGrowAndWasteLittle) {
  struct Row {
    size_t stride;
    size_t objects;
    unsigned min_order;
    unsigned max_order;
  };
  constexpr Row kRows[] = {
      {16, kMaxObjectsPerSlab, 0, 1},    // more objects than bits: no larger
      {64, kMaxObjectsPerSlab, 0, 3},    //
      {64, 16, 0, 0},                    // 64 of them in a page
      {1024, kMaxObjectsPerSlab, 0, 4},  //
      {1024, 16, 0, 2},                  //
      {1920, 16, 3, 3},                  // 8 in four pages leave a sixteenth
      {4096, 16, 0, 4},                  //
      {16384, 16, 2, 4},                 // four at most
  };
  for (const Row& row : kRows) {
    const SlabGeometry geometry(row.stride, row.objects);
    EXPECT_EQ(geometry.min_order(), row.min_order) << row.stride;
    EXPECT_EQ(geometry.max_order(), row.max_order) << row.stride;
    EXPECT_EQ(geometry.OrderAfter(0), row.min_order) << row.stride;
    EXPECT_EQ(geometry.OrderAfter(1'000'000), row.max_order) << row.stride;
    for (unsigned order = row.min_order; order <= row.max_order; ++order) {
      const size_t bytes = static_cast<size_t>(kPageSize) << order;
      EXPECT_LE((bytes - geometry.ObjectsIn(order) * row.stride) * 32, bytes) << row.stride;
    }
  }
}

}  // namespace
}  // namespace mm
