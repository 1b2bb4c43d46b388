#include "kernel/mm/checks/frame_audit.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using Keeper = FrameAudit::Keeper;

constexpr size_t kFrames = 4;
constexpr FrameNumber kFirst{16};
constexpr FrameNumber kFrame{17};

struct Row {
  std::string_view name;
  uint32_t entries;
  uint32_t owners;
  bool with_nobody;
  bool with_object;
};

constexpr Row kRows[] = {
    {"one entry", 1, 1, true, false},
    {"an entry, and an object", 1, 2, false, true},
    {"two entries that share", 2, 2, true, false},
    {"one of two without a share", 2, 1, false, false},
    {"an owner who shows it nowhere", 1, 3, false, false},
};

struct World {
  World() { table.Prepare(kFirst, {kFrames}); }

  std::array<FrameDescriptor, kFrames> storage;
  std::array<FrameAudit::Count, kFrames> counts;
  FrameTable table{storage, kFirst, {.first = kFirst, .pages = {0}, .base = nullptr}};
};

TEST(FrameAudit, OwnersAreEntriesAndTheKeeper) {
  for (const Row& row : kRows) {
    World world;
    FrameAudit audit(world.table, world.counts);
    for (uint32_t i = 0; i < row.entries; ++i) audit.Add(kFrame);
    for (uint32_t i = 1; i < row.owners; ++i) {
      ASSERT_TRUE(world.table.AddReference(kFrame).has_value());
    }
    EXPECT_EQ(audit.IsSound(kFrame, Keeper::kNobody), row.with_nobody) << row.name;
    EXPECT_EQ(audit.IsSound(kFrame, Keeper::kObject), row.with_object) << row.name;
    EXPECT_EQ(audit.IsSound(kFrame, Keeper::kUnknown), row.with_nobody || row.with_object)
        << row.name;
  }
}

TEST(FrameAudit, NobodyShowsWhatIsNotCounted) {
  World world;
  FrameAudit audit(world.table, world.counts);
  world.table.Of(kFrame).SetMark(FrameDescriptor::kMarked);
  audit.Add(kFrame);
  EXPECT_FALSE(audit.IsSound(kFrame, Keeper::kNobody));
  EXPECT_FALSE(audit.IsSound(kFrame, Keeper::kUnknown));
}

TEST(FrameAudit, FramesBeyondTheTable) {
  World world;
  FrameAudit audit(world.table, world.counts);
  for (const FrameNumber frame : {FrameNumber{0}, FrameNumber{15}, FrameNumber{20}}) {
    audit.Add(frame);
    EXPECT_FALSE(audit.IsSound(frame, Keeper::kNobody));
  }
}

TEST(FrameAudit, MoreThanCanBeCounted) {
  World world;
  FrameAudit audit(world.table, world.counts);
  constexpr uint32_t kMany = 70'000;
  for (uint32_t i = 0; i < kMany; ++i) audit.Add(kFrame);
  EXPECT_TRUE(audit.IsSound(kFrame, Keeper::kNobody));
}

}  // namespace
}  // namespace mm
