#include "kernel/mm/frames/node_pool.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

TestArena<16, 16 * kPageSize> arena;
std::array<void*, 600> nodes;

struct ShapeRow {
  std::string_view name;
  size_t node_bytes;
  unsigned order;
  unsigned nodes_per_block;
};

constexpr ShapeRow kShapes[] = {
    {"smallest", 16, 0, 252},         {"a line", 64, 0, 63},
    {"nothing left over", 576, 0, 7}, {"a few", 1344, 0, 3},
    {"one to a page", 4032, 0, 1},    {"two pages", 64, 1, 127},
    {"odd size", 1000, 2, 16},        {"a line in four pages", 64, 2, 255},
};

// Fills all nodes of three blocks, each with a byte of its own; nobody may lose it.
TEST(NodePool, GivesEveryNodeOnce) {
  for (const ShapeRow& row : kShapes) {
    TestPages pages(arena.bytes);
    NodePool pool(pages, row.node_bytes, row.order);
    EXPECT_EQ(pool.nodes_per_block(), row.nodes_per_block) << row.name;
    const size_t count = std::min(nodes.size(), size_t{3} * row.nodes_per_block);
    for (size_t i = 0; i < count; ++i) {
      const auto node = pool.Allocate();
      ASSERT_TRUE(node.has_value()) << row.name;
      nodes[i] = *node;
      std::memset(nodes[i], static_cast<int>(i % 251), row.node_bytes);
      EXPECT_TRUE(pool.CheckInvariants().has_value()) << row.name;
    }
    EXPECT_EQ(pool.nodes_in_use(), count) << row.name;
    EXPECT_EQ(pool.bytes(), pages.pages_in_use() * kPageSize) << row.name;
    for (size_t i = 0; i < count; ++i) {
      const std::span<const std::byte> bytes(static_cast<std::byte*>(nodes[i]), row.node_bytes);
      const auto is_right = [i](std::byte byte) { return byte == std::byte(i % 251); };
      EXPECT_TRUE(std::ranges::all_of(bytes, is_right)) << row.name;
    }
    // In another order: every third, and so on.
    for (size_t start : {2, 0, 1}) {
      for (size_t i = start; i < count; i += 3) {
        pool.Free(nodes[i]);
        EXPECT_TRUE(pool.CheckInvariants().has_value()) << row.name;
      }
    }
    EXPECT_EQ(pool.nodes_in_use(), 0u) << row.name;
    EXPECT_EQ(pages.pages_in_use(), 0u) << row.name;
  }
}

TEST(NodePool, UsesFreedNodesBeforeNewPages) {
  TestPages pages(arena.bytes);
  NodePool pool(pages, 576);
  for (size_t i = 0; i < 14; ++i) nodes[i] = *pool.Allocate();
  EXPECT_EQ(pages.pages_in_use(), 2u);
  for (const size_t freed : {0, 8, 13}) pool.Free(nodes[freed]);
  for (const size_t freed : {0, 8, 13}) nodes[freed] = *pool.Allocate();
  EXPECT_EQ(pages.pages_in_use(), 2u);
  EXPECT_EQ(pool.nodes_in_use(), 14u);
  pool.Clear();
  EXPECT_EQ(pages.pages_in_use(), 0u);
  EXPECT_TRUE(pool.CheckInvariants().has_value());
}

TEST(NodePool, KeepsReservations) {
  TestPages pages(arena.bytes);
  NodePool pool(pages, 1344);  // three to a page
  {
    auto reservation = pool.Reserve(4);
    ASSERT_TRUE(reservation.has_value());
    EXPECT_EQ(pages.pages_in_use(), 2u);
    // Two nodes are not reserved; the third asks for a page.
    for (size_t i = 0; i < 3; ++i) {
      nodes[i] = *pool.Allocate();
      EXPECT_TRUE(pool.CheckInvariants().has_value());
    }
    EXPECT_EQ(pages.pages_in_use(), 3u);
    pages.FailAfter(0);
    NodePool::Reservation moved = std::move(*reservation);
    EXPECT_EQ(moved.count(), 4u);
    EXPECT_EQ(reservation->count(), 0u);
    for (size_t i = 3; i < 6; ++i) nodes[i] = moved.Take();
    EXPECT_EQ(moved.count(), 1u);
    // Nodes that are freed meanwhile give no page back that the reservation needs.
    for (size_t i = 0; i < 6; ++i) {
      pool.Free(nodes[i]);
      EXPECT_TRUE(pool.CheckInvariants().has_value());
    }
    EXPECT_EQ(pages.pages_in_use(), 1u);
    pool.Free(moved.Take());
    EXPECT_EQ(pages.pages_in_use(), 0u);
    EXPECT_FALSE(pool.Allocate().has_value());
    pages.FailNothing();
    moved = *pool.Reserve(1);
    moved = NodePool::Reservation();
    EXPECT_EQ(pages.pages_in_use(), 0u);
    moved = *pool.Reserve(2);
  }
  EXPECT_EQ(pages.pages_in_use(), 0u);
  EXPECT_TRUE(pool.CheckInvariants().has_value());
}

TEST(NodePool, FailsCleanly) {
  TestPages pages(arena.bytes);
  NodePool pool(pages, 1344);
  nodes[0] = *pool.Allocate();
  const FailureRun run = FailEachAllocation(
      pages, [&] { return pool.Reserve(9); },
      [&] { return pool.CheckInvariants().has_value() && pages.pages_in_use() == 1; });
  EXPECT_TRUE(run.fault.empty()) << run.fault;
  EXPECT_EQ(run.failed, 3u);
  EXPECT_EQ(pages.pages_in_use(), 1u);  // nobody kept what was reserved
  EXPECT_EQ(pool.nodes_in_use(), 1u);
}

// Single nodes, enough of them for several blocks, none of which is reserved.
TEST(NodePool, AFailedAllocationChangesNothing) {
  for (const ShapeRow& row : kShapes) {
    TestPages pages(arena.bytes);
    NodePool pool(pages, row.node_bytes, row.order);
    EXPECT_EQ(pool.node_bytes(), row.node_bytes) << row.name;
    nodes[0] = *pool.Allocate();
    const size_t wanted = std::min(nodes.size() - 1, size_t{2} * row.nodes_per_block);
    const FailureRun run = FailEachAllocation(
        pages,
        [&]() -> base::Result<> {
          base::Result<> result;
          size_t taken = 0;
          while (result && taken < wanted) {
            const base::Result<void*> node = pool.Allocate();
            if (node) {
              nodes[1 + taken++] = *node;
            } else {
              result = std::unexpected(node.error());
            }
          }
          if (!pool.CheckInvariants() || pool.nodes_in_use() != 1 + taken) {
            result = std::unexpected(base::Error::kCorrupt);
          }
          while (taken > 0) pool.Free(nodes[taken--]);
          return result;
        },
        [&] {
          return pool.CheckInvariants() && pool.nodes_in_use() == 1 && pool.blocks() == 1 &&
                 pool.bytes() == pages.pages_in_use() * kPageSize;
        });
    EXPECT_EQ(run.fault, "") << row.name;
    EXPECT_EQ(run.failed, 2u) << row.name;
  }
}

// A reservation that fails leaves another one, and what was taken of it, alone.
TEST(NodePool, AFailedReservationKeepsAnother) {
  TestPages pages(arena.bytes);
  NodePool pool(pages, 1344);  // three to a page
  NodePool::Reservation other = *pool.Reserve(5);
  nodes[0] = other.Take();
  const FailureRun run = FailEachAllocation(
      pages, [&] { return pool.Reserve(8); },
      [&] {
        return pool.CheckInvariants() && pages.pages_in_use() == 2 && other.count() == 4 &&
               pool.nodes_in_use() == 1;
      });
  EXPECT_EQ(run.fault, "");
  EXPECT_EQ(run.failed, 3u);
  pages.FailAfter(0);
  for (size_t i = 1; i < 5; ++i) nodes[i] = other.Take();
  for (size_t i = 0; i < 5; ++i) pool.Free(nodes[i]);
  EXPECT_EQ(pages.pages_in_use(), 0u);
}

// Somebody wrote over a block's header, where it names its pool: the third word.
TEST(NodePool, NoticesDamage) {
  TestPages pages(arena.bytes);
  NodePool pool(pages, 1344);
  auto* const node = static_cast<std::byte*>(*pool.Allocate());
  std::byte& damaged = *(node - NodePool::kHeaderBytes + 2 * sizeof(void*));
  damaged ^= std::byte{0x80};
  EXPECT_TRUE(pool.CheckInvariants() == std::unexpected(base::Error::kCorrupt));
  damaged ^= std::byte{0x80};
  EXPECT_TRUE(pool.CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
