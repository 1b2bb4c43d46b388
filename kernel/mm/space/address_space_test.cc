#include "kernel/mm/space/address_space.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/space/address_space_requests.h"
#include "kernel/mm/space/space_world.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using base::Error;

TEST(AddressSpace, AnonymousMemoryIsZeroAndKeepsWhatIsWritten) {
  SpaceWorld world;
  {
    const auto space = world.NewSpace();
    EXPECT_DONE(space->Map(At(Pages(0, 3))));
    EXPECT_EQ(world.Read(*space, kBase), 0);
    EXPECT_EQ(world.frames_in_use(), 0U);  // the zero frame
    EXPECT_TRUE(world.Write(*space, kBase + 5, 17));
    EXPECT_EQ(world.Read(*space, kBase + 5), 17);
    EXPECT_EQ(world.Read(*space, kBase + 4), 0);
    EXPECT_EQ(world.frames_in_use(), 1U);
    const SpaceCounters counters = space->counters();
    EXPECT_EQ(counters.areas.total, PageCount{3});
    EXPECT_EQ(counters.private_pages, PageCount{3});
    EXPECT_EQ(counters.areas.shared, PageCount{0});
    EXPECT_EQ(counters.physical_pages, PageCount{1});
    EXPECT_SOUND(space);
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpace, FaultsThatAreNotResolvedSayWhy) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(1, 1), Access::kNone)));
  EXPECT_DONE(space->Map(At(Pages(2, 1), Access::kRead)));
  EXPECT_DONE(space->Map(At(Pages(3, 1), Access::kExecute)));
  EXPECT_DONE(space->Map(At(Pages(4, 1), Access::kWrite)));
  struct Row {
    uint64_t page;
    AccessKind kind;
    FaultOutcome outcome;
  };
  using enum FaultOutcome;
  constexpr Row kRows[] = {
      {0, AccessKind::kRead, kNotMapped},       {5, AccessKind::kWrite, kNotMapped},
      {1, AccessKind::kRead, kNotPermitted},    {2, AccessKind::kRead, kResolved},
      {2, AccessKind::kWrite, kNotPermitted},   {2, AccessKind::kExecute, kNotPermitted},
      {3, AccessKind::kExecute, kResolved},     {3, AccessKind::kRead, kResolved},
      {3, AccessKind::kWrite, kNotPermitted},   {4, AccessKind::kRead, kResolved},
      {4, AccessKind::kExecute, kNotPermitted}, {4, AccessKind::kWrite, kResolved},
  };
  for (const Row& row : kRows) {
    EXPECT_TRUE(world.Outcome(*space, Page(row.page), row.kind) == row.outcome) << row.page;
    EXPECT_SOUND(space);
  }
}

TEST(AddressSpace, RequestsThatAreRefusedSayWhy) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  const auto object = *PagedObject::Create(world.objects, 2 * kPageSize);
  EXPECT_DONE(space->Map(At(Pages(10, 1))));
  const MapRequest good = At(Pages(0, 1));
  const MapRequest shown = Showing(Pages(0, 1), object, Sharing::kPrivate);
  struct Row {
    MapRequest request;
    Error error;
  };
  std::array rows = {
      Row{good, Error::kInvalidArgument},  Row{good, Error::kNotAligned},
      Row{good, Error::kNotAligned},       Row{good, Error::kOutOfRange},
      Row{good, Error::kOutOfRange},       Row{good, Error::kNotPermitted},
      Row{good, Error::kNotPermitted},     Row{good, Error::kInvalidArgument},
      Row{good, Error::kInvalidArgument},  Row{good, Error::kOverlap},
      Row{shown, Error::kNotAligned},      Row{shown, Error::kOutOfRange},
      Row{shown, Error::kInvalidArgument}, Row{shown, Error::kInvalidArgument},
      Row{good, Error::kOutOfMemory},
  };
  size_t row = 0;
  rows[row++].request.size_bytes = 0;
  rows[row++].request.size_bytes = kPageSize + 1;
  rows[row++].request.va = kBase + 1;
  rows[row++].request.va = VirtAddr{0xC000'0000};  // the kernel's
  rows[row++].request.va = VirtAddr{0xFFFF'F000};  // would wrap on a small machine
  rows[row++].request.access = Access::kReadWrite | Access::kExecute;
  rows[row++].request.may = Access::kRead;
  rows[row++].request.sharing = Sharing::kShared;  // of what?
  rows[row++].request.kind = VmaKind::kDevice;
  rows[row].request.place = Place::kExactlyFree;
  rows[row++].request.va = Page(10);
  rows[row++].request.offset_bytes = 1;
  rows[row++].request.offset_bytes = ~uint64_t{0xFFF};
  rows[row].request.limit_bytes = 5;
  rows[row++].request.sharing = Sharing::kShared;
  rows[row++].request.kind = VmaKind::kStack;
  rows[row].request.place = Place::kAnywhere;
  rows[row++].request.size_bytes = 0xC000'0000;
  ASSERT_EQ(row, rows.size());
  for (const Row& each : rows) {
    const auto result = space->Map(each.request);
    ASSERT_FALSE(result.has_value()) << &each - rows.data();
    EXPECT_TRUE(result.error() == each.error) << &each - rows.data();
    EXPECT_SOUND(space);
  }
  EXPECT_EQ(space->counters().area_count, 1U);
}

TEST(AddressSpace, PlacesWhatHasNoAddress) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  const auto first = space->Map({.size_bytes = kPageSize});
  ASSERT_TRUE(first.has_value());
  // Side by side and alike: one area.
  const auto second = space->Map({.size_bytes = kPageSize});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(*second + kPageSize, *first);
  EXPECT_EQ(space->counters().area_count, 1U);
  // Taken: elsewhere. Free: there.
  EXPECT_NE(space->Map({.size_bytes = kPageSize, .place = Place::kHint, .va = *first}), *first);
  EXPECT_EQ(space->Map({.size_bytes = kPageSize, .place = Place::kHint, .va = Page(3)}), Page(3));
  const auto stack = space->Map({.size_bytes = kPageSize, .kind = VmaKind::kStack});
  ASSERT_TRUE(stack.has_value());
  EXPECT_EQ(*stack + (kPageSize - 1), space->bounds().last());
  EXPECT_SOUND(space);
}

TEST(AddressSpace, UnmapCutsExactlyAndFreesPages) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 8))));
  for (uint64_t page = 0; page < 8; ++page) EXPECT_TRUE(world.Write(*space, Page(page), 1));
  EXPECT_EQ(world.frames_in_use(), 8U);
  EXPECT_DONE(space->Unmap(Pages(3, 2)));
  EXPECT_EQ(world.frames_in_use(), 6U);
  EXPECT_EQ(space->counters().area_count, 2U);
  EXPECT_EQ(space->counters().areas.total, PageCount{6});
  for (uint64_t page = 0; page < 8; ++page) {
    EXPECT_EQ(world.Read(*space, Page(page)).has_value(), page < 3 || page > 4);
  }
  EXPECT_DONE(space->Unmap(Pages(3, 2)));    // a hole
  EXPECT_DONE(space->Map(At(Pages(3, 2))));  // one again
  EXPECT_EQ(space->counters().area_count, 1U);
  EXPECT_EQ(world.Read(*space, Page(3)), 0);
  EXPECT_SOUND(space);
  for (const VirtRange& wrong : {VirtRange{kBase, 0}, VirtRange{{~uint64_t{0xFFF}}, 2 * kPageSize},
                                 VirtRange{kBase + 1, kPageSize}, VirtRange{kBase, 5},
                                 VirtRange{{0xC000'0000}, kPageSize}}) {
    EXPECT_FALSE(space->Unmap(wrong).has_value());
  }
}

TEST(AddressSpace, MapExactlyReplacesWhatIsThere) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 4))));
  EXPECT_DONE(space->Map(At(Pages(6, 4), Access::kRead)));
  for (uint64_t page = 0; page < 4; ++page) EXPECT_TRUE(world.Write(*space, Page(page), 9));
  EXPECT_DONE(space->Map(At(Pages(2, 6), Access::kNone)));
  EXPECT_SOUND(space);
  EXPECT_EQ(world.frames_in_use(), 2U);
  EXPECT_EQ(space->counters().area_count, 3U);
  EXPECT_EQ(world.Read(*space, Page(1)), 9);
  EXPECT_TRUE(world.Outcome(*space, Page(2), AccessKind::kRead) == FaultOutcome::kNotPermitted);
  EXPECT_EQ(world.Read(*space, Page(8)), 0);
}

TEST(AddressSpace, ProtectSplitsAndMerges) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 3))));
  for (uint64_t page = 0; page < 3; ++page) EXPECT_TRUE(world.Write(*space, Page(page), 4));
  EXPECT_DONE(space->Protect(Pages(1, 1), Access::kRead));
  EXPECT_EQ(space->counters().area_count, 3U);
  EXPECT_TRUE(world.Outcome(*space, Page(1), AccessKind::kWrite) == FaultOutcome::kNotPermitted);
  EXPECT_EQ(world.Read(*space, Page(1)), 4);
  EXPECT_DONE(space->Protect(Pages(1, 1), Access::kReadWrite));
  EXPECT_EQ(space->counters().area_count, 1U);
  EXPECT_EQ(world.Use(*space, Page(1), AccessKind::kWrite).faults, 0U);
  // Closed, and opened again with what was there.
  EXPECT_DONE(space->Protect(Pages(0, 3), Access::kNone));
  EXPECT_TRUE(world.Outcome(*space, Page(1), AccessKind::kRead) == FaultOutcome::kNotPermitted);
  EXPECT_SOUND(space);
  EXPECT_DONE(space->Protect(Pages(0, 3), Access::kReadExecute));
  EXPECT_EQ(world.Read(*space, Page(2)), 4);
  EXPECT_EQ(world.frames_in_use(), 3U);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, ProtectKeepsToItsBounds) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  MapRequest request = At(Pages(0, 2), Access::kRead);
  request.may = Access::kRead;
  EXPECT_DONE(space->Map(request));
  EXPECT_DONE(space->Map(At(Pages(3, 1))));
  const auto error_of = [&](const VirtRange& range, Access access) {
    return space->Protect(range, access).error_or(Error::kCorrupt);
  };
  EXPECT_TRUE(error_of(Pages(0, 1), Access::kReadWrite) == Error::kNotPermitted);
  EXPECT_TRUE(error_of(Pages(3, 1), kAnyUserAccess) == Error::kNotPermitted);
  EXPECT_TRUE(error_of(Pages(0, 0), Access::kRead) == Error::kInvalidArgument);
  EXPECT_EQ(space->counters().area_count, 2U);
  // What lies before a hole is changed.
  EXPECT_TRUE(error_of(Pages(1, 3), Access::kNone) == Error::kNotFound);
  EXPECT_TRUE(error_of(Pages(3, 2), Access::kRead) == Error::kNotFound);
  EXPECT_EQ(space->Find(Page(0))->range, Pages(0, 1));
  EXPECT_TRUE(space->Find(Page(1))->access == Access::kNone);
  EXPECT_TRUE(space->Find(Page(3))->access == Access::kRead);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, ClonesShareUntilOneWrites) {
  SpaceWorld world;
  {
    const auto parent = world.NewSpace();
    EXPECT_DONE(parent->Map(At(Pages(0, 4))));
    for (uint64_t page = 0; page < 3; ++page) EXPECT_TRUE(world.Write(*parent, Page(page), 8));
    EXPECT_EQ(world.Read(*parent, Page(3)), 0);
    {
      const auto child = *parent->Clone();
      EXPECT_EQ(world.frames_in_use(), 3U);
      EXPECT_EQ(world.Read(*child, Page(0)), 8);
      EXPECT_TRUE(world.Write(*child, Page(0), 9));
      EXPECT_TRUE(world.Write(*parent, Page(1), 10));
      EXPECT_TRUE(world.Write(*child, Page(3), 11));
      EXPECT_EQ(world.frames_in_use(), 6U);
      EXPECT_EQ(world.Read(*parent, Page(0)), 8);
      EXPECT_EQ(world.Read(*child, Page(1)), 8);
      EXPECT_EQ(world.Read(*parent, Page(3)), 0);
      // The last owner writes to it as it is.
      const FrameNumber last = world.Use(*parent, Page(0), AccessKind::kRead).frame;
      EXPECT_TRUE(world.Write(*parent, Page(0), 12));
      EXPECT_EQ(world.Use(*parent, Page(0), AccessKind::kWrite).frame, last);
      EXPECT_EQ(world.frames_in_use(), 6U);
      EXPECT_SOUND(parent);
      EXPECT_SOUND(child);
    }
    EXPECT_EQ(world.frames_in_use(), 3U);
    const FrameNumber alone = world.Use(*parent, Page(2), AccessKind::kRead).frame;
    const auto reached = world.Use(*parent, Page(2), AccessKind::kWrite);
    EXPECT_EQ(reached.frame, alone);
    EXPECT_EQ(world.Byte(reached.frame, Page(2)), std::byte{8});
    EXPECT_EQ(world.frames_in_use(), 3U);
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpace, ReadOnlyPagesOfAForkMayBeMadeWritable) {
  SpaceWorld world;
  const auto parent = world.NewSpace();
  EXPECT_DONE(parent->Map(At(Pages(0, 1))));
  EXPECT_TRUE(world.Write(*parent, Page(0), 1));
  EXPECT_DONE(parent->Protect(Pages(0, 1), Access::kRead));
  const auto child = *parent->Clone();
  EXPECT_DONE(child->Protect(Pages(0, 1), Access::kReadWrite));
  EXPECT_SOUND(child);
  EXPECT_TRUE(world.Write(*child, Page(0), 2));
  EXPECT_EQ(world.Read(*parent, Page(0)), 1);
}

TEST(AddressSpace, PrivateViewsCopyWhatTheyWrite) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 2 * kPageSize + 100);
  EXPECT_DONE(object.object.Write(kPageSize, std::as_bytes(std::span("file"))));
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(Showing(Pages(0, 5), object, Sharing::kPrivate)));
  EXPECT_EQ(world.Read(*space, Page(1)), 'f');
  EXPECT_EQ(world.frames_in_use(), 1U);
  EXPECT_TRUE(world.Write(*space, Page(1), 'x'));
  EXPECT_EQ(world.Read(*space, Page(1) + 1), 'i');
  EXPECT_EQ(world.frames_in_use(), 2U);
  std::array<std::byte, 1> byte{};
  EXPECT_EQ(object.object.Read(kPageSize, byte), 1U);
  EXPECT_EQ(byte[0], std::byte{'f'});
  EXPECT_EQ(world.Read(*space, Page(2) + 200), 0);  // behind the end, in its page
  EXPECT_TRUE(world.Outcome(*space, Page(3), AccessKind::kRead) == FaultOutcome::kBeyondObject);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, SharedViewsAreOneMemory) {
  SpaceWorld world;
  {
    const auto object = *PagedObject::Create(world.objects, 2 * kPageSize);
    const auto one = world.NewSpace();
    const auto two = world.NewSpace();
    EXPECT_DONE(one->Map(Showing(Pages(0, 2), object, Sharing::kShared)));
    EXPECT_DONE(two->Map(Showing(Pages(7, 1), object, Sharing::kShared, 1)));
    EXPECT_TRUE(world.Write(*one, Page(1), 3));
    EXPECT_EQ(world.Read(*two, Page(7)), 3);
    EXPECT_TRUE(world.Write(*two, Page(7), 4));
    EXPECT_EQ(world.Use(*one, Page(1), AccessKind::kWrite).faults, 0U);
    EXPECT_EQ(world.Read(*one, Page(1)), 4);
    const auto child = *one->Clone();
    EXPECT_TRUE(world.Write(*child, Page(1), 5));
    EXPECT_EQ(world.Read(*two, Page(7)), 5);
    EXPECT_EQ(object.object.views(), 3U);
    EXPECT_EQ(one->counters().areas.shared, PageCount{2});
    EXPECT_EQ(one->counters().private_pages, PageCount{0});
    EXPECT_SOUND(one);
    EXPECT_SOUND(child);
    EXPECT_EQ(world.frames_in_use(), 1U);
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(AddressSpace, WhichSharedMemory) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 4 * kPageSize);
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(Showing(Pages(0, 2), object, Sharing::kShared, 1)));
  EXPECT_DONE(space->Map(Showing(Pages(2, 1), object, Sharing::kPrivate)));
  EXPECT_TRUE(*space->FindSharedPlace(Page(1) + 4) ==
              (SharedPlace{&object.object, 2 * kPageSize + 4}));
  EXPECT_TRUE(*space->FindSharedPlace(Page(2)) == SharedPlace{});
  EXPECT_TRUE(space->FindSharedPlace(Page(3)).error() == base::Error::kNotFound);
}

TEST(AddressSpace, BytesPastTheLimitAreZero) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 4 * kPageSize);
  std::array<std::byte, 4 * kPageSize> bytes;
  bytes.fill(std::byte{0x77});
  EXPECT_DONE(object.object.Write(0, bytes));
  const auto space = world.NewSpace();
  MapRequest request = Showing(Pages(0, 4), object, Sharing::kPrivate);
  request.limit_bytes = kPageSize + 100;
  EXPECT_DONE(space->Map(request));
  for (const bool is_cut : {false, true}) {
    EXPECT_EQ(world.Read(*space, Page(1) + 99), 0x77);
    EXPECT_EQ(world.Read(*space, Page(1) + 100), 0);
    EXPECT_EQ(world.Read(*space, Page(2)), 0);
    EXPECT_TRUE(world.Write(*space, Page(3), 1));
    EXPECT_SOUND(space);
    if (is_cut) break;
    EXPECT_DONE(space->Advise(Pages(0, 4), Advice::kDontNeed));
    EXPECT_DONE(space->Protect(Pages(1, 1), Access::kRead));
    EXPECT_EQ(space->counters().area_count, 3U);
  }
  EXPECT_DONE(space->Protect(Pages(1, 1), Access::kReadWrite));
  EXPECT_EQ(space->counters().area_count, 1U);
  EXPECT_EQ(space->Find(Page(0))->limit_bytes, kPageSize + 100);
}

TEST(AddressSpace, TruncationUnmapsEverywhere) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 4 * kPageSize);
  const auto one = world.NewSpace();
  const auto two = world.NewSpace();
  EXPECT_DONE(one->Map(Showing(Pages(0, 4), object, Sharing::kShared)));
  EXPECT_DONE(one->Map(Showing(Pages(8, 2), object, Sharing::kPrivate, 2)));
  EXPECT_DONE(two->Map(Showing(Pages(0, 4), object, Sharing::kShared)));
  for (uint64_t page = 0; page < 4; ++page) {
    EXPECT_TRUE(world.Write(*one, Page(page), 5));
    EXPECT_EQ(world.Read(*two, Page(page)), 5);
  }
  EXPECT_TRUE(world.Write(*one, Page(8), 6));  // a copy of page 2
  EXPECT_DONE(object.object.Resize(kPageSize + 1));
  EXPECT_EQ(world.frames_in_use(), 2U);
  for (const auto* space : {&one, &two}) {
    EXPECT_EQ(world.Read(**space, Page(0)), 5);
    EXPECT_EQ(world.Read(**space, Page(1)), 5);
    EXPECT_TRUE(world.Outcome(**space, Page(2), AccessKind::kRead) == FaultOutcome::kBeyondObject);
    EXPECT_SOUND(*space);
  }
  EXPECT_TRUE(world.Outcome(*one, Page(8), AccessKind::kRead) == FaultOutcome::kBeyondObject);
  // What was behind the end is zero when the end comes back.
  EXPECT_TRUE(world.Write(*one, Page(1) + 9, 7));
  EXPECT_DONE(object.object.Resize(3 * kPageSize));
  EXPECT_EQ(world.Read(*two, Page(1) + 9), 0);
  EXPECT_EQ(world.Read(*two, Page(2)), 0);
}

TEST(AddressSpace, StacksGrowDownToTheirLimit) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  space->SetStackLimit(8 * kPageSize);
  MapRequest request = At(Pages(20, 1));
  request.kind = VmaKind::kStack;
  EXPECT_DONE(space->Map(request));
  EXPECT_TRUE(world.Write(*space, Page(18), 1));
  EXPECT_EQ(space->counters().areas.stack, PageCount{3});
  EXPECT_EQ(world.Read(*space, Page(19)), 0);
  EXPECT_TRUE(world.Outcome(*space, Page(12), AccessKind::kWrite) == FaultOutcome::kNotMapped);
  EXPECT_TRUE(world.Outcome(*space, Page(13), AccessKind::kWrite) == FaultOutcome::kResolved);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, StacksKeepAPageToTheirNeighbour) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  MapRequest request = At(Pages(20, 1));
  request.kind = VmaKind::kStack;
  EXPECT_DONE(space->Map(request));
  EXPECT_DONE(space->Map(At(Pages(15, 1))));
  EXPECT_TRUE(world.Outcome(*space, Page(16), AccessKind::kWrite) == FaultOutcome::kNotMapped);
  EXPECT_TRUE(world.Outcome(*space, Page(17), AccessKind::kWrite) == FaultOutcome::kResolved);
  // A dead neighbour is in nobody's way.
  EXPECT_DONE(space->MarkDead(Pages(15, 1)));
  EXPECT_TRUE(world.Outcome(*space, Page(15), AccessKind::kWrite) == FaultOutcome::kResolved);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, TheHeapGrowsAndShrinks) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_TRUE(space->SetBreak(kBase).error() == Error::kInvalidArgument);  // no heap yet
  space->StartHeap(kBase);
  EXPECT_EQ(space->SetBreak(kBase + 5000), kBase + 5000);
  EXPECT_TRUE(world.Write(*space, Page(1), 3));
  EXPECT_FALSE(world.Read(*space, Page(2)).has_value());
  EXPECT_EQ(space->SetBreak(kBase + 100), kBase + 100);
  EXPECT_EQ(world.frames_in_use(), 0U);
  EXPECT_FALSE(world.Read(*space, Page(1)).has_value());
  EXPECT_EQ(space->SetBreak(kBase + 3 * kPageSize), kBase + 3 * kPageSize);
  EXPECT_EQ(world.Read(*space, Page(1)), 0);
  EXPECT_TRUE(space->SetBreak(kBase - 1).error() == Error::kInvalidArgument);
  EXPECT_TRUE(space->SetBreak(VirtAddr{~uint64_t{0}}).error() == Error::kOutOfRange);
  EXPECT_DONE(space->Map(At(Pages(4, 1))));
  EXPECT_TRUE(space->SetBreak(Page(5)).error() == Error::kOverlap);
  EXPECT_EQ(space->Break(), Page(3));
  EXPECT_EQ(space->SetBreak(kBase), kBase);
  EXPECT_EQ(space->counters().heap_pages, PageCount{0});
  EXPECT_EQ(space->MostPages(), PageCount{4});
  EXPECT_EQ(space->HeapBase(), kBase);
  EXPECT_SOUND(space);
}

TEST(AddressSpace, RemapMovesPages) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 3))));
  EXPECT_DONE(space->Map(At(Pages(4, 1), Access::kRead)));
  for (uint64_t page = 0; page < 3; ++page) {
    EXPECT_TRUE(world.Write(*space, Page(page), static_cast<int>(page) + 1));
  }
  using enum RemapRequest::Move;
  EXPECT_EQ(space->Remap(Pages(0, 3), {.size_bytes = 4 * kPageSize}), Page(0));
  EXPECT_TRUE(space->Remap(Pages(0, 4), {.size_bytes = 5 * kPageSize}).error() == Error::kOverlap);
  const auto moved = space->Remap(Pages(1, 3), {.size_bytes = 6 * kPageSize, .move = kMayMove});
  ASSERT_TRUE(moved.has_value());
  EXPECT_EQ(world.Read(*space, *moved), 2);
  EXPECT_EQ(world.Read(*space, *moved + kPageSize), 3);
  EXPECT_EQ(world.Read(*space, *moved + 5 * kPageSize), 0);
  EXPECT_FALSE(world.Read(*space, Page(1)).has_value());
  EXPECT_EQ(world.Read(*space, Page(0)), 1);
  EXPECT_EQ(world.frames_in_use(), 3U);
  EXPECT_SOUND(space);
  // Over what is there, and smaller.
  EXPECT_EQ(space->Remap({*moved, 6 * kPageSize},
                         {.size_bytes = 2 * kPageSize, .move = kExactly, .va = Page(3)}),
            Page(3));
  EXPECT_EQ(world.Read(*space, Page(4)), 3);
  EXPECT_EQ(space->counters().areas.total, PageCount{3});
  EXPECT_SOUND(space);
  EXPECT_TRUE(space->Remap(Pages(2, 2), {.size_bytes = kPageSize}).error() == Error::kNotFound);
  EXPECT_TRUE(space->Remap(Pages(3, 1), {.size_bytes = 0}).error() == Error::kInvalidArgument);
  EXPECT_TRUE(space->Remap(Pages(3, 2), {.size_bytes = kPageSize, .move = kExactly, .va = Page(4)})
                  .error() == Error::kInvalidArgument);
}

TEST(AddressSpace, DeadAreasFaultAndBlockNothing) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  EXPECT_DONE(space->Map(At(Pages(0, 6))));
  for (uint64_t page = 0; page < 6; ++page) EXPECT_TRUE(world.Write(*space, Page(page), 1));
  EXPECT_DONE(space->MarkDead(Pages(1, 4)));
  EXPECT_SOUND(space);
  EXPECT_EQ(space->counters().areas.total, PageCount{2});
  EXPECT_EQ(world.frames_in_use(), 6U);
  EXPECT_TRUE(world.Outcome(*space, Page(2), AccessKind::kRead) == FaultOutcome::kNotMapped);
  EXPECT_TRUE(space->Protect(Pages(0, 6), Access::kRead).error() == Error::kNotFound);
  MapRequest request = At(Pages(2, 1));
  request.place = Place::kExactlyFree;
  EXPECT_DONE(space->Map(request));
  EXPECT_EQ(world.Read(*space, Page(2)), 0);
  EXPECT_EQ(world.frames_in_use(), 5U);
  {
    const auto child = *space->Clone();
    EXPECT_EQ(child->counters().area_count, 3U);
    EXPECT_SOUND(child);
  }
  EXPECT_EQ(space->Sweep(), PageCount{3});
  EXPECT_EQ(world.frames_in_use(), 2U);
  EXPECT_EQ(space->Sweep(), PageCount{0});
  EXPECT_SOUND(space);
}

}  // namespace
}  // namespace mm
