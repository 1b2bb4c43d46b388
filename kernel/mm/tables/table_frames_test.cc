#include "kernel/mm/tables/table_frames.h"

#include <array>
#include <cstdint>
#include <cstring>
#include <new>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr size_t kPages = 40;
constinit TestArena<kPages, 16384> g_arena{};

// Frames of the arena; physical addresses are pointers.
class ArenaSource final : public TableFrameSource {
 public:
  ArenaSource() : pages_(g_arena.bytes) {}

  base::Result<PhysAddr> AllocateFrames(unsigned order) override {
    const auto first = reinterpret_cast<uintptr_t>(TRY(pages_.AllocatePages(order)));
    descriptors_[IndexOf(PhysAddr{first})].SetOwner(0x5555'5555'5555'5555);  // arbitrary
    return PhysAddr{first};
  }
  void FreeFrames(PhysAddr first, unsigned order) override {
    pages_.FreePages(Pointer(first), order);
  }
  void* Pointer(PhysAddr pa) override {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(pa.value));
  }
  FrameDescriptor* DescriptorOf(PhysAddr frame) override {
    return is_start_up_ ? nullptr : &descriptors_[IndexOf(frame)];
  }

  TestPages& pages() { return pages_; }
  void SetStartUp(bool is_start_up) { is_start_up_ = is_start_up; }

 private:
  static size_t IndexOf(PhysAddr frame) {
    const auto start = reinterpret_cast<uintptr_t>(&g_arena.bytes[0]);
    return static_cast<size_t>((frame.value - start) / kPageSize);
  }

  TestPages pages_;
  std::array<FrameDescriptor, kPages> descriptors_{};
  bool is_start_up_ = false;
};

bool IsZero(const TableFrames& tables, PhysAddr table, uint64_t bytes) {
  const auto* const memory = static_cast<const uint8_t*>(tables.Pointer(table));
  for (uint64_t i = 0; i < bytes; ++i) {
    if (memory[i] != 0) return false;
  }
  return true;
}

struct SizeRow {
  std::string_view name;
  uint64_t bytes;
  size_t tables;
  size_t frames;
};

constexpr SizeRow kSizes[] = {
    {"x86_64's tables are frames", 4096, 3, 3},
    {"ARM's first level, TTBCR.N = 0: four frames", 16384, 2, 8},
    {"TTBCR.N = 1", 8192, 2, 4},
    {"TTBCR.N = 3: two to a frame", 2048, 5, 3},
    {"four second levels to a frame", 1024, 4, 1},
    {"a fifth", 1024, 5, 2},
    {"TTBCR.N = 7: 32 to a frame", 128, 33, 2},
};

TEST(TableFrames, PacksSmallTables) {
  for (const SizeRow& row : kSizes) {
    ArenaSource source;
    TableFrames tables(source);
    std::array<PhysAddr, 40> made;
    for (size_t i = 0; i < row.tables; ++i) {
      const auto table = tables.AllocateTable(row.bytes, row.bytes);
      ASSERT_TRUE(table.has_value()) << row.name;
      EXPECT_TRUE(IsAligned(*table, row.bytes)) << row.name;
      EXPECT_TRUE(IsZero(tables, *table, row.bytes)) << row.name;
      std::memset(tables.Pointer(*table), 0xA5, row.bytes);
      made[i] = *table;
    }
    EXPECT_EQ(source.pages().pages_in_use(), row.frames) << row.name;
    EXPECT_EQ(tables.frames().value, row.frames) << row.name;
    EXPECT_EQ(tables.table_bytes(), row.tables * row.bytes) << row.name;
    // In another order than they came.
    for (size_t i = 0; i < row.tables; i += 2) tables.FreeTable(made[i], row.bytes);
    EXPECT_TRUE(tables.CheckInvariants().has_value()) << row.name;
    for (size_t i = 1; i < row.tables; i += 2) tables.FreeTable(made[i], row.bytes);
    EXPECT_EQ(source.pages().pages_in_use(), 0u) << row.name;
    EXPECT_EQ(tables.table_bytes(), 0u) << row.name;
  }
}

// The frame goes back with its last piece, whichever that is, and not before.
TEST(TableFrames, GivesAFrameBackWhenAllItsPiecesAreFree) {
  for (size_t last = 0; last < 4; ++last) {
    ArenaSource source;
    TableFrames tables(source);
    std::array<PhysAddr, 4> made;
    for (PhysAddr& table : made) table = *tables.AllocateTable(1024, 1024);
    for (size_t i = 0; i < made.size(); ++i) {
      if (i != last) tables.FreeTable(made[i], 1024);
      EXPECT_TRUE(tables.CheckInvariants().has_value());
    }
    EXPECT_EQ(source.pages().pages_in_use(), 1u);
    tables.FreeTable(made[last], 1024);
    EXPECT_EQ(source.pages().pages_in_use(), 0u);
  }
}

TEST(TableFrames, UsesFreePiecesBeforeNewFrames) {
  ArenaSource source;
  TableFrames tables(source);
  std::array<PhysAddr, 8> made;
  for (PhysAddr& table : made) table = *tables.AllocateTable(1024, 1024);
  for (const size_t i : {1, 6, 3}) tables.FreeTable(made[i], 1024);
  for (const size_t i : {1, 6, 3}) made[i] = *tables.AllocateTable(1024, 1024);
  EXPECT_EQ(source.pages().pages_in_use(), 2u);
  for (const PhysAddr table : made) tables.FreeTable(table, 1024);
}

TEST(TableFrames, FailsWhenMemoryEnds) {
  ArenaSource source;
  TableFrames tables(source);
  const PhysAddr first = *tables.AllocateTable(1024, 1024);
  source.pages().FailAfter(0);
  std::array<PhysAddr, 3> others;
  for (PhysAddr& table : others) table = *tables.AllocateTable(1024, 1024);  // needs no frame
  const auto fifth = tables.AllocateTable(1024, 1024);
  ASSERT_FALSE(fifth.has_value());
  EXPECT_EQ(fifth.error(), base::Error::kOutOfMemory);
  EXPECT_FALSE(tables.AllocateTable(16384, 16384).has_value());
  EXPECT_EQ(tables.table_bytes(), 4096u);
  EXPECT_TRUE(tables.CheckInvariants().has_value());
  tables.FreeTable(first, 1024);
  for (const PhysAddr table : others) tables.FreeTable(table, 1024);
  EXPECT_EQ(source.pages().pages_in_use(), 0u);
}

// What went back as zeroes serves again, in whatever order, and counts as free meanwhile.
TEST(TableFrames, KeepsZeroedFramesForTheNextTables) {
  for (const SizeRow& row : kSizes) {
    ArenaSource source;
    TableFrames tables(source);
    std::array<PhysAddr, 40> made;
    for (int round = 0; round < 3; ++round) {
      for (size_t i = 0; i < row.tables; ++i) {
        made[i] = *tables.AllocateTable(row.bytes, row.bytes);
        EXPECT_TRUE(IsZero(tables, made[i], row.bytes)) << row.name << " " << round;
      }
      EXPECT_EQ(tables.frames().value, row.frames) << row.name;
      EXPECT_EQ(tables.spare_frames().value, 0u) << row.name;
      for (size_t i = 0; i < row.tables; ++i) {
        tables.FreeZeroedTable(made[i], row.bytes);
        EXPECT_TRUE(tables.CheckInvariants().has_value()) << row.name << " " << i;
      }
      EXPECT_EQ(tables.frames().value, 0u) << row.name;
      EXPECT_EQ(tables.spare_frames().value, row.frames) << row.name;
      EXPECT_EQ(source.pages().pages_in_use(), row.frames) << row.name;
    }
    EXPECT_EQ(tables.GiveBackSpareFrames().value, row.frames) << row.name;
    EXPECT_EQ(source.pages().pages_in_use(), 0u) << row.name;
  }
}

// One piece that went back as it was is enough: the frame is not kept.
TEST(TableFrames, KeepsNoFrameThatHoldsAnythingElse) {
  ArenaSource source;
  TableFrames tables(source);
  std::array<PhysAddr, 4> made;
  for (PhysAddr& table : made) table = *tables.AllocateTable(1024, 1024);
  std::memset(tables.Pointer(made[2]), 0xA5, 1024);
  tables.FreeTable(made[2], 1024);
  for (const size_t i : {0, 1, 3}) tables.FreeZeroedTable(made[i], 1024);
  EXPECT_EQ(tables.spare_frames().value, 0u);
  EXPECT_EQ(source.pages().pages_in_use(), 0u);
}

TEST(TableFrames, KeepsNoMoreSpareFramesThanItSays) {
  ArenaSource source;
  TableFrames tables(source);
  std::array<PhysAddr, TableFrames::kMostSpareFrames.value + 1> made;
  for (PhysAddr& table : made) table = *tables.AllocateTable(4096, 4096);
  for (const PhysAddr table : made) tables.FreeZeroedTable(table, 4096);
  EXPECT_EQ(tables.spare_frames(), TableFrames::kMostSpareFrames);
  EXPECT_TRUE(tables.CheckInvariants().has_value());
  EXPECT_EQ(tables.GiveBackSpareFrames(), TableFrames::kMostSpareFrames);
}

TEST(TableFrames, SpareFramesServeTablesOfAnySizeWhenMemoryEnds) {
  ArenaSource source;
  TableFrames tables(source);
  std::array<PhysAddr, 4> made;
  for (PhysAddr& table : made) table = *tables.AllocateTable(4096, 4096);
  for (const PhysAddr table : made) tables.FreeZeroedTable(table, 4096);
  source.pages().FailAfter(0);
  EXPECT_FALSE(tables.AllocateTable(16384, 16384).has_value());  // the source says no again
  EXPECT_EQ(tables.spare_frames().value, 0u);
  EXPECT_EQ(source.pages().pages_in_use(), 0u);
}

// Several tables of one size, beside one that is there: all or none of them.
TEST(TableFrames, AFailedAllocationChangesNothing) {
  for (const SizeRow& row : kSizes) {
    ArenaSource source;
    TableFrames tables(source);
    const PhysAddr there = *tables.AllocateTable(row.bytes, row.bytes);
    const size_t frames = source.pages().pages_in_use();
    const FailureRun run = FailEachAllocation(
        source.pages(),
        [&]() -> base::Result<> {
          std::array<PhysAddr, 33> made;
          base::Result<> result;
          size_t count = 0;
          while (result && count < row.tables) {
            const base::Result<PhysAddr> table = tables.AllocateTable(row.bytes, row.bytes);
            if (table) {
              made[count++] = *table;
            } else {
              result = std::unexpected(table.error());
            }
          }
          if (!tables.CheckInvariants() || tables.table_bytes() != (1 + count) * row.bytes) {
            result = std::unexpected(base::Error::kCorrupt);
          }
          while (count > 0) tables.FreeTable(made[--count], row.bytes);
          return result;
        },
        [&] {
          return tables.CheckInvariants() && tables.table_bytes() == row.bytes &&
                 tables.frames().value == frames && source.pages().pages_in_use() == frames;
        });
    EXPECT_EQ(run.fault, "") << row.name;
    EXPECT_GT(run.failed, 0u) << row.name;
    tables.FreeTable(there, row.bytes);
    EXPECT_EQ(source.pages().pages_in_use(), 0u) << row.name;
  }
}

// What start-up took cannot go back, and serves again.
TEST(TableFrames, KeepsWhatHasNoDescriptor) {
  ArenaSource source;
  TableFrames tables(source);
  source.SetStartUp(true);
  const PhysAddr small = *tables.AllocateTable(1024, 1024);
  const PhysAddr whole = *tables.AllocateTable(4096, 4096);
  tables.FreeTable(small, 1024);
  tables.FreeTable(whole, 4096);
  EXPECT_EQ(source.pages().pages_in_use(), 2u);
  source.SetStartUp(false);
  std::array<PhysAddr, 4> again;
  for (PhysAddr& table : again) table = *tables.AllocateTable(1024, 1024);
  EXPECT_TRUE(*tables.AllocateTable(4096, 4096) == whole);
  EXPECT_EQ(source.pages().pages_in_use(), 2u);
  for (const PhysAddr table : again) EXPECT_TRUE(FrameContaining(table) == FrameContaining(small));
}

// Each of the kept tables serves once: whoever fills one finds the others as they were.
TEST(TableFrames, KeptTablesAreAllDifferent) {
  for (const SizeRow& row : kSizes) {
    ArenaSource source;
    TableFrames tables(source);
    source.SetStartUp(true);
    std::array<PhysAddr, 33> made;
    for (int round = 0; round < 2; ++round) {
      for (size_t i = 0; i < row.tables; ++i) {
        made[i] = *tables.AllocateTable(row.bytes, row.bytes);
        ASSERT_TRUE(IsZero(tables, made[i], row.bytes)) << row.name;
        std::memset(tables.Pointer(made[i]), static_cast<int>(i + 1), row.bytes);
      }
      EXPECT_EQ(source.pages().pages_in_use(), row.frames) << row.name << " " << round;
      for (size_t i = 0; i < row.tables; ++i) {
        const auto* const bytes = static_cast<const uint8_t*>(tables.Pointer(made[i]));
        EXPECT_EQ(bytes[0], i + 1) << row.name;
        EXPECT_EQ(bytes[row.bytes - 1], i + 1) << row.name;
      }
      for (size_t i = 0; i < row.tables; ++i) tables.FreeTable(made[i], row.bytes);
      EXPECT_EQ(tables.table_bytes(), 0u) << row.name;
    }
  }
}

// Somebody wrote over a frame's word, or over a piece that is free.
TEST(TableFrames, NoticesDamage) {
  constexpr uint64_t kBytes = 1024;
  ArenaSource source;
  TableFrames tables(source);
  const PhysAddr table = *tables.AllocateTable(kBytes, kBytes);
  std::memset(tables.Pointer(table), 0xFF, kBytes);
  FrameDescriptor& descriptor = *source.DescriptorOf(table);
  const uint64_t right = descriptor.owner();
  const auto is_corrupt = [&] {
    return tables.CheckInvariants() == std::unexpected(base::Error::kCorrupt);
  };
  constexpr uint64_t kAllFree = 0xF;
  for (const uint64_t wrong : {right | kAllFree, right & ~kAllFree, right + (uint64_t{1} << 32)}) {
    descriptor.SetOwner(wrong);
    EXPECT_TRUE(is_corrupt()) << wrong;
  }
  descriptor.SetOwner(right);
  EXPECT_FALSE(is_corrupt());
  auto* const free_piece = static_cast<uint64_t*>(tables.Pointer(table + kBytes));
  free_piece[1] = 0;  // the frame before it in the list, of which it is the first
  EXPECT_TRUE(is_corrupt());
  free_piece[1] = ~uint64_t{0};
  EXPECT_FALSE(is_corrupt());
  tables.FreeTable(table, kBytes);
}

// Random tables of all sizes, each filled with its own number: nobody else writes to it.
TEST(TableFrames, KeepsTablesApart) {
  ArenaSource source;
  TableFrames tables(source);
  struct Made {
    PhysAddr table;
    uint64_t bytes = 0;
    uint8_t number = 0;
  };
  std::array<Made, 48> made{};
  uint32_t random = 1962;
  const auto below = [&random](uint32_t limit) {
    random = random * 1664525 + 1013904223;  // Numerical Recipes
    return (random >> 8) % limit;
  };
  const auto drop = [&](Made& one) {
    const auto* const memory = static_cast<const uint8_t*>(tables.Pointer(one.table));
    for (uint64_t i = 0; i < one.bytes; ++i) ASSERT_EQ(memory[i], one.number);
    if (below(3) > 0) {
      std::memset(tables.Pointer(one.table), 0, one.bytes);
      tables.FreeZeroedTable(one.table, one.bytes);
    } else {
      tables.FreeTable(one.table, one.bytes);
    }
    one.bytes = 0;
  };
  for (int step = 0; step < 3000; ++step) {
    Made& one = made[below(made.size())];
    if (one.bytes != 0) {
      drop(one);
    } else {
      const uint64_t bytes = uint64_t{128} << below(6);
      const auto table = tables.AllocateTable(bytes, bytes);
      if (!table) continue;
      ASSERT_TRUE(IsZero(tables, *table, bytes)) << step;
      one = {*table, bytes, static_cast<uint8_t>(step % 255 + 1)};
      std::memset(tables.Pointer(*table), one.number, bytes);
    }
    ASSERT_TRUE(tables.CheckInvariants().has_value()) << step;
    ASSERT_EQ((tables.frames() + tables.spare_frames()).value, source.pages().pages_in_use())
        << step;
  }
  for (Made& one : made) {
    if (one.bytes != 0) drop(one);
  }
  (void)tables.GiveBackSpareFrames();
  EXPECT_EQ(source.pages().pages_in_use(), 0u);
  EXPECT_EQ(tables.table_bytes(), 0u);
}

}  // namespace
}  // namespace mm
