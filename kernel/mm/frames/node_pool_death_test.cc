// What a NodePool does not let pass.
#include <cstddef>
#include <cstdint>

#include "gtest/gtest.h"
#include "kernel/mm/frames/node_pool.h"
#include "kernel/mm/test_pages.h"

namespace mm {
namespace {

constexpr size_t kNodeBytes = 576;

TestArena<16> arena;

TEST(NodePoolDeathTest, NamesMisuse) {
  TestPages pages(arena.bytes);
  NodePool pool(pages, kNodeBytes);
  NodePool other(pages, kNodeBytes);
  auto* const node = static_cast<std::byte*>(*pool.Allocate());
  auto* const neighbour = static_cast<std::byte*>(*pool.Allocate());
  EXPECT_DEATH(pool.Free(node + 8), "CHECK failed");               // inside a node
  EXPECT_DEATH(pool.Free(node - 64), "CHECK failed");              // the block's header
  EXPECT_DEATH(pool.Free(node + 2 * kNodeBytes), "CHECK failed");  // never given out
  EXPECT_DEATH(other.Free(node), "CHECK failed: block.owner == this");
  pool.Free(node);
  EXPECT_DEATH(pool.Free(node), "CHECK failed");  // twice
  pool.Free(neighbour);
  EXPECT_DEATH(NodePool(pages, 12), "CHECK failed");         // not whole words
  EXPECT_DEATH(NodePool(pages, 8), "CHECK failed");          // too many to a block
  EXPECT_DEATH(NodePool(pages, kPageSize), "CHECK failed");  // none to a block
  NodePool::Reservation nothing;
  EXPECT_DEATH(static_cast<void>(nothing.Take()), "CHECK failed");
  const auto reservation = pool.Reserve(1);
  EXPECT_DEATH(pool.Clear(), "CHECK failed");
}

}  // namespace
}  // namespace mm
