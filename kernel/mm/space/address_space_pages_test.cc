// Advice, locks, faults that come late, and what is told of pages.
#include "kernel/mm/space/address_space.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/space/address_space_requests.h"
#include "kernel/mm/space/space_world.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using base::Error;

TEST(AddressSpace, AdviceDropsContents) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 2 * kPageSize);
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 2))));
  EXPECT_DONE(space->Map(Showing(Pages(2, 2), object, Sharing::kShared)));
  for (uint64_t page = 0; page < 4; ++page) EXPECT_TRUE(world.Write(*space, Page(page), 7));
  const auto error_of = [&](const VirtRange& range, Advice advice) {
    return space->Advise(range, advice).error_or(Error::kCorrupt);
  };
  EXPECT_TRUE(error_of(Pages(2, 1), Advice::kFree) == Error::kInvalidArgument);
  EXPECT_TRUE(error_of(Pages(3, 2), Advice::kWillNeed) == Error::kNotFound);
  EXPECT_DONE(space->Advise(Pages(1, 2), Advice::kDontNeed));
  EXPECT_EQ(world.Read(*space, Page(0)), 7);
  EXPECT_EQ(world.Read(*space, Page(1)), 0);
  EXPECT_EQ(world.Read(*space, Page(2)), 7);  // the object's
  EXPECT_DONE(space->SetLocked(Pages(0, 1), Locked::kYes));
  EXPECT_TRUE(error_of(Pages(0, 1), Advice::kDontNeed) == Error::kInvalidArgument);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, LockedPagesAreThere) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 4))));
  EXPECT_DONE(space->SetLocked(Pages(1, 2), Locked::kYes));
  EXPECT_EQ(world.frames_in_use(), 2U);
  EXPECT_EQ(space->counters().areas.locked, PageCount{2});
  EXPECT_EQ(space->counters().area_count, 3U);
  std::array<std::byte, 4> pages{};
  EXPECT_DONE(space->Residency(Pages(0, 4), pages));
  EXPECT_TRUE(pages == (std::array{std::byte{0}, std::byte{1}, std::byte{1}, std::byte{0}}));
  EXPECT_DONE(space->SetLocked(Pages(0, 4), Locked::kNo));
  EXPECT_EQ(space->counters().area_count, 1U);
  EXPECT_TRUE(space->SetLocked(Pages(3, 2), Locked::kYes).error() == Error::kNotFound);
  space->SetFutureLocked(Locked::kYes);
  EXPECT_DONE(space->Map(At(Pages(8, 2))));
  space->StartHeap(Page(12));
  EXPECT_DONE(space->SetBreak(Page(13)));
  EXPECT_EQ(world.frames_in_use(), 5U);
  EXPECT_EQ(space->counters().areas.locked, PageCount{3});
  EXPECT_SOUND(space);
}

// Another thread was first, or the page has gone since the processor looked.
TEST(AddressSpace, StaleFaultsAreResolved) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 3))));
  const auto fault = [&](uint64_t page, AccessKind kind, FaultCause cause) {
    return space->HandleFault(
        {.va = Page(page), .access = kind, .cause = cause, .privilege = Privilege::kUser});
  };
  for (const FaultCause cause : {FaultCause::kNotMapped, FaultCause::kPermission}) {
    for (const AccessKind kind : {AccessKind::kRead, AccessKind::kWrite, AccessKind::kWrite}) {
      EXPECT_TRUE(fault(0, kind, FaultCause::kNotMapped) == FaultOutcome::kResolved);
      EXPECT_TRUE(fault(0, kind, cause) == FaultOutcome::kResolved);
      EXPECT_TRUE(fault(1, kind, cause) == FaultOutcome::kResolved);
      EXPECT_SOUND(space);
    }
    EXPECT_EQ(world.frames_in_use(), 2U);
  }
  EXPECT_TRUE(fault(2, AccessKind::kRead, FaultCause::kPermission) == FaultOutcome::kResolved);
  EXPECT_EQ(world.frames_in_use(), 2U);
  EXPECT_TRUE(fault(3, AccessKind::kRead, FaultCause::kPermission) == FaultOutcome::kNotMapped);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, UsesAreCounted) {
  SpaceWorld world;
  auto space = world.NewSpace();
  EXPECT_EQ(space->uses(), 1U);
  {
    const auto other = space;
    EXPECT_EQ(space->uses(), 2U);
    const auto clone = *space->Clone();
    EXPECT_EQ(clone->uses(), 1U);
    EXPECT_EQ(space->uses(), 2U);
    EXPECT_TRUE(space->TryUse());
    EXPECT_EQ(other->uses(), 3U);
    space->EndUse();
  }
  EXPECT_EQ(space->uses(), 1U);
  space = {};
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpace, LockedOnFaultPagesStay) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 2))));
  EXPECT_TRUE(world.Write(*space, Page(0), 7));
  EXPECT_DONE(space->SetLocked(Pages(0, 2), Locked::kOnFault));
  EXPECT_EQ(world.frames_in_use(), 1U);
  EXPECT_EQ(space->counters().areas.locked, PageCount{2});
  EXPECT_TRUE(space->Advise(Pages(0, 2), Advice::kDontNeed).error() == Error::kInvalidArgument);
  EXPECT_EQ(world.Read(*space, Page(0)), 7);
  EXPECT_TRUE(world.Write(*space, Page(1), 8));
  EXPECT_DONE(space->SetLocked(Pages(1, 1), Locked::kYes));
  EXPECT_EQ(space->counters().area_count, 2U);
  space->SetFutureLocked(Locked::kOnFault);
  EXPECT_DONE(space->Map(At(Pages(8, 2))));
  space->StartHeap(Page(12));
  EXPECT_DONE(space->SetBreak(Page(13)));
  EXPECT_EQ(world.frames_in_use(), 2U);
  EXPECT_EQ(space->counters().areas.locked, PageCount{5});
  EXPECT_SOUND(space);
}

TEST(AddressSpace, ScavengeTakesWhatCanBeHadAgain) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 8 * kPageSize);
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(Showing(Pages(0, 8), object, Sharing::kPrivate)));
  for (uint64_t page = 0; page < 8; ++page) EXPECT_EQ(world.Read(*space, Page(page)), 0);
  for (const uint64_t page : {1, 2, 5}) EXPECT_TRUE(world.Write(*space, Page(page), 3));
  EXPECT_EQ(space->Scavenge(), PageCount{5});
  EXPECT_EQ(space->counters().physical_pages, PageCount{3});
  for (const uint64_t page : {1, 2, 5}) EXPECT_EQ(world.Read(*space, Page(page)), 3);
  EXPECT_EQ(world.Read(*space, Page(7)), 0);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, TellsWhatItsPagesAre) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 2 * kPageSize);
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 4))));
  EXPECT_DONE(space->Map(Showing(Pages(4, 2), object, Sharing::kPrivate)));
  EXPECT_TRUE(world.Write(*space, Page(0), 1));
  EXPECT_EQ(world.Read(*space, Page(1)), 0);
  EXPECT_EQ(world.Read(*space, Page(4)), 0);
  const auto child = *space->Clone();
  EXPECT_TRUE(world.Write(*space, Page(5), 1));
  EXPECT_EQ(world.Read(*child, Page(4)), 0);
  const VmaUsage usage = space->MeasureUsage(Pages(0, 6));
  EXPECT_EQ(usage.resident, PageCount{4});
  EXPECT_EQ(usage.own, PageCount{2});
  EXPECT_EQ(usage.own_shared, PageCount{1});
  EXPECT_EQ(usage.object, PageCount{1});
  EXPECT_EQ(usage.object_shared, PageCount{1});
  EXPECT_EQ(usage.zero, PageCount{1});
  EXPECT_EQ(usage.writable, PageCount{1});
  EXPECT_EQ(usage.own_share_bytes, kPageSize + kPageSize / 2);
  EXPECT_EQ(usage.object_share_bytes, kPageSize / 2);
  uint64_t areas = 0;
  space->ForEachVma([&](const Vma& vma) {
    EXPECT_EQ(vma.range, areas == 0 ? Pages(0, 4) : Pages(4, 2));
    ++areas;
  });
  EXPECT_EQ(areas, 2U);
  EXPECT_EQ(space->FindFirstNotBelow(kBase - 1)->range, Pages(0, 4));
  EXPECT_EQ(space->Find(Page(5))->object.get(), &object.object);
  EXPECT_FALSE(space->Find(Page(6)).has_value());
  EXPECT_FALSE(space->FindFirstNotBelow(Page(6)).has_value());
}

}  // namespace
}  // namespace mm
