// The fake that tests of address spaces use: it must notice what a real processor would.
#include "kernel/mm/tables/space_table.h"

#include <cstdint>

#include "kernel/mm/tables/space_table_fake.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr VirtAddr kPage{0x40'0000};
constexpr VirtAddr kNext{0x40'1000};
constexpr VirtAddr kFar{0x80'0000};
constexpr UserPage kData{.frame = {7}, .access = Access::kReadWrite};

TEST(FakeSpaceTable, RemembersUntilItIsTold) {
  FakeTables& tables = NewFakeTables();
  FakeSpaceTable table = *FakeSpaceTable::Create(tables);
  ASSERT_TRUE(table.MapPage(kPage, kData).has_value());
  EXPECT_EQ(table.MapPage(kPage, kData).error(), base::Error::kAlreadyExists);
  EXPECT_EQ(tables.Access(table, kPage, AccessKind::kWrite)->value, 7u);
  TlbBatch batch = table.NewBatch();
  table.ProtectPages({kPage, kPageSize}, batch,
                     [](VirtAddr, const UserPage&) { return Access::kRead; });
  EXPECT_TRUE(tables.Access(table, kPage, AccessKind::kWrite).has_value());  // stale
  table.Flush(batch);
  EXPECT_FALSE(tables.Access(table, kPage, AccessKind::kWrite).has_value());
  EXPECT_EQ(tables.Access(table, kPage, AccessKind::kRead)->value, 7u);
  EXPECT_FALSE(table.FindVacancy(kPage).has_value());
  EXPECT_FALSE(table.FindVacancy(kFar).has_value());  // nothing is near it
  table.FillVacancy(*table.FindVacancy(kNext), kData);
  EXPECT_TRUE(table.PageIn(*table.FindPage(kNext)) == kData);
  table.UnmapPages({kNext, kPageSize}, [](VirtAddr, const UserPage&) {});
  EXPECT_FALSE(table.FindPage(kNext).has_value());
  table.ReplacePage(*table.FindPage(kPage), {.frame = {8}, .access = Access::kReadWrite});
  EXPECT_EQ(tables.Access(table, kPage, AccessKind::kRead)->value, 8u);
  unsigned released = 0;
  table.UnmapPages({kPage, kPageSize}, [&](VirtAddr, const UserPage& page) {
    released += page.frame == FrameNumber{8} ? 1 : 0;
  });
  EXPECT_EQ(released, 1u);
  EXPECT_FALSE(tables.Access(table, kPage, AccessKind::kRead).has_value());
  EXPECT_TRUE(table.CheckInvariants().has_value());
}

TEST(FakeSpaceTable, SharesAndMoves) {
  FakeTables& tables = NewFakeTables();
  FakeSpaceTable parent = *FakeSpaceTable::Create(tables);
  {
    FakeSpaceTable child = *parent.CreateEmpty();
    ASSERT_TRUE(parent.MapPage(kPage, kData).has_value());
    ASSERT_TRUE(parent.MapPage(kFar, kData).has_value());
    TlbBatch batch = parent.NewBatch();
    const VirtRange all{kPage, 0x80'0000};
    tables.failure.FailAllocation(2);
    const auto share = [](FrameNumber) -> base::Result<> { return {}; };
    EXPECT_EQ(parent.SharePages(all, child, batch, share).error(), base::Error::kOutOfMemory);
    tables.failure.FailNothing();
    EXPECT_EQ(child.PageAt(kPage)->access, Access::kRead);
    EXPECT_EQ(parent.PageAt(kPage)->access, Access::kRead);
    EXPECT_EQ(parent.PageAt(kFar)->access, Access::kReadWrite);
    parent.Flush(batch);
    ASSERT_TRUE(child.MovePages({kPage, 2 * kPageSize}, kFar).has_value());
    EXPECT_FALSE(child.PageAt(kPage).has_value());
    EXPECT_FALSE(child.PageAt(kNext).has_value());
    EXPECT_EQ(child.PageAt(kFar)->frame, kData.frame);
    child.Retire();
    child.UnmapRetired(all, std::nullopt, [](VirtAddr, const UserPage&) {});
  }
  parent.UnmapPages({kPage, 0x80'0000}, [](VirtAddr, const UserPage&) {});
  EXPECT_EQ(parent.table_bytes(), FakeTables::kTableBytes);
  EXPECT_EQ(tables.tables_in_use(), 1u);
}

}  // namespace
}  // namespace mm
