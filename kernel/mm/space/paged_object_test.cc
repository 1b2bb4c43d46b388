#include "kernel/mm/space/paged_object.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/space/device_object.h"
#include "kernel/mm/space/page_tree.h"
#include "kernel/mm/space/space_world.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// Fills each page with its number.
class NumberFiller final : public PageFiller {
 public:
  [[nodiscard]] base::Result<> FillPage(uint64_t number,
                                        std::span<std::byte, kPageSize> page) override {
    if (fails) return std::unexpected(base::Error::kCorrupt);
    std::ranges::fill(page, static_cast<std::byte>(number + 1));
    ++filled;
    return {};
  }
  void ObjectEnded() override { ++ended; }

  bool fails = false;
  int filled = 0;
  int ended = 0;
};

int ByteAt(PagedObject& object, uint64_t offset) {
  std::array<std::byte, 1> byte{};
  const base::Result<size_t> read = object.Read(offset, byte);
  return read && *read == 1 ? std::to_integer<int>(byte[0]) : -1;
}

TEST(PagedObject, HolesReadAsZeroAndTakeNoMemory) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 1 << 20);
  std::array<std::byte, 3 * kPageSize> bytes;
  bytes.fill(std::byte{1});
  EXPECT_EQ(object.object.Read(100, bytes), bytes.size());
  EXPECT_TRUE(std::ranges::all_of(bytes, [](std::byte byte) { return byte == std::byte{0}; }));
  EXPECT_EQ(object.object.Read((1 << 20) - 5, bytes), 5U);
  EXPECT_EQ(object.object.Read(1 << 20, bytes), 0U);
  EXPECT_EQ(object.object.pages(), PageCount{0});
  EXPECT_FALSE(object.object.FindPage(0).has_value());
}

TEST(PagedObject, WritesAcrossPagesAndMovesTheEnd) {
  SpaceWorld world;
  {
    const auto object = *PagedObject::Create(world.objects, 0);
    std::array<std::byte, kPageSize> bytes;
    bytes.fill(std::byte{7});
    EXPECT_EQ(object.object.Write(kPageSize / 2, bytes), bytes.size());
    EXPECT_EQ(object.object.size_bytes(), kPageSize + kPageSize / 2);
    EXPECT_EQ(object.object.pages(), PageCount{2});
    EXPECT_EQ(ByteAt(object.object, kPageSize / 2 - 1), 0);
    EXPECT_EQ(ByteAt(object.object, kPageSize), 7);
    // Far away: a deep tree for one page.
    constexpr uint64_t kFar = PagedObject::kMostBytes - kPageSize;
    EXPECT_EQ(object.object.Write(kFar, std::span(bytes).first(3)), 3U);
    EXPECT_EQ(ByteAt(object.object, kFar + 2), 7);
    EXPECT_EQ(ByteAt(object.object, 1'000'000'000), 0);
    EXPECT_TRUE(object.object.CheckInvariants().has_value());
    EXPECT_TRUE(object.object.Resize(kPageSize).has_value());
    EXPECT_EQ(object.object.pages(), PageCount{1});
    EXPECT_TRUE(object.object.CheckInvariants().has_value());
    EXPECT_EQ(object.object.Write(PagedObject::kMostBytes, bytes).error_or(base::Error::kCorrupt),
              base::Error::kOutOfRange);
    EXPECT_FALSE(object.object.Resize(PagedObject::kMostBytes + 1).has_value());
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(PagedObject, BytesBehindAnOldEndAreZero) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, 0);
  std::array<std::byte, 100> bytes;
  bytes.fill(std::byte{9});
  EXPECT_EQ(object.object.Write(0, bytes), bytes.size());
  EXPECT_TRUE(object.object.Resize(50).has_value());
  EXPECT_TRUE(object.object.Resize(200).has_value());
  EXPECT_EQ(ByteAt(object.object, 49), 9);
  EXPECT_EQ(ByteAt(object.object, 50), 0);
  // What a program wrote behind the end through a view.
  const auto page = *object.object.TakePage(0);
  world.Byte(page.frame(), VirtAddr{300}) = std::byte{5};
  EXPECT_EQ(object.object.Write(400, std::span(bytes).first(1)), 1U);
  EXPECT_EQ(ByteAt(object.object, 300), 0);
  EXPECT_EQ(ByteAt(object.object, 400), 9);
}

TEST(PagedObject, PagesAreFilledOnceAndOnlyUpToTheEnd) {
  SpaceWorld world;
  NumberFiller filler;
  {
    const auto object = *PagedObject::Create(world.objects, kPageSize + 10, &filler);
    filler.fails = true;
    EXPECT_TRUE(object.object.TakePage(0).error() == base::Error::kCorrupt);
    EXPECT_FALSE(object.object.HasPage(0));
    filler.fails = false;
    EXPECT_EQ(ByteAt(object.object, 0), 1);
    EXPECT_EQ(ByteAt(object.object, 5), 1);
    EXPECT_EQ(filler.filled, 1);
    const auto page = *object.object.TakePage(1);
    EXPECT_EQ(world.Byte(page.frame(), VirtAddr{9}), std::byte{2});
    EXPECT_EQ(world.Byte(page.frame(), VirtAddr{10}), std::byte{0});
    EXPECT_TRUE(object.object.TakePage(2).error() == base::Error::kOutOfRange);
    EXPECT_EQ(world.objects.pages(), PageCount{2});
    EXPECT_EQ(filler.ended, 0);
  }
  EXPECT_EQ(filler.ended, 1);
  EXPECT_TRUE(world.IsEmpty());
}

TEST(PagedObject, TakenPagesOutliveTheObject) {
  SpaceWorld world;
  {
    std::optional<PagedObject::Handle> object = *PagedObject::Create(world.objects, kPageSize);
    const auto page = *object->object.TakePage(0);
    object.reset();
    EXPECT_EQ(world.frames_in_use(), 1U);
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(PagedObject, TakesFramesThatAreThere) {
  SpaceWorld world;
  {
    const auto object = *PagedObject::Create(world.objects, 2 * kPageSize);
    auto frame = *world.frames.AllocateZeroed();
    const FrameNumber number = frame.frame();
    EXPECT_TRUE(object.object.PutPage(1, std::move(frame)).has_value());
    EXPECT_EQ(object.object.TakePage(1)->frame(), number);
    EXPECT_EQ(object.object.pages(), PageCount{1});
    EXPECT_TRUE(object.object.PutPage(1, *world.frames.AllocateZeroed()) ==
                std::unexpected(base::Error::kOverlap));
    EXPECT_TRUE(object.object.PutPage(2, *world.frames.AllocateZeroed()) ==
                std::unexpected(base::Error::kOutOfRange));
    EXPECT_EQ(world.frames_in_use(), 1U);
    EXPECT_TRUE(object.object.CheckInvariants().has_value());
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(PagedObject, FailsWithoutMemoryAndKeepsNothing) {
  SpaceWorld world;
  {
    const auto object = *PagedObject::Create(world.objects, 0);
    const std::array<std::byte, 1> byte = {std::byte{3}};
    constexpr uint64_t kDeep = uint64_t{1} << 40;
    EXPECT_EQ(object.object.Write(0, byte), 1U);
    const FailureRun run = FailEachAllocation(
        world.memory.failure, [&] { return object.object.Write(kDeep, byte); },
        [&] {
          return object.object.CheckInvariants().has_value() && world.frames_in_use() == 1 &&
                 object.object.size_bytes() == 1;
        },
        // A cache of nodes can do without a magazine.
        [&] { return object.object.Resize(1).has_value(); });
    EXPECT_EQ(run.fault, "") << run.failed;
    EXPECT_GT(run.failed, 0U);
    EXPECT_EQ(ByteAt(object.object, 0), 3);
    EXPECT_EQ(ByteAt(object.object, kDeep), 3);
  }
  EXPECT_TRUE(world.IsEmpty());
}

// Has its pages from somewhere slow.
class SlowFiller final : public PageFiller {
 public:
  explicit SlowFiller(SpaceWorld& world) : world_(world) {}

  [[nodiscard]] base::Result<> FillPage(uint64_t, std::span<std::byte, kPageSize>) override {
    return std::unexpected(base::Error::kNotFound);
  }
  [[nodiscard]] bool LoadsPages() const override { return true; }
  [[nodiscard]] PageMove LoadPage(uint64_t number) override {
    auto frame = world_.frames.AllocateZeroed();
    if (!frame) return PageMove::kOutOfMemory;
    return object->PutPage(number, std::move(*frame)) ? PageMove::kDone : PageMove::kFailed;
  }
  [[nodiscard]] PageMove StorePages(uint64_t first, uint64_t last) override {
    stored = {first, last};
    return PageMove::kDone;
  }
  void ObjectEnded() override {}

  PagedObject* object = nullptr;
  std::pair<uint64_t, uint64_t> stored;

 private:
  SpaceWorld& world_;
};

TEST(PagedObject, PagesThatAreLoadedLater) {
  SpaceWorld world;
  SlowFiller filler(world);
  {
    const auto object = *PagedObject::Create(world.objects, 3 * kPageSize, &filler);
    filler.object = &object.object;
    const auto space = world.NewSpace();
    const auto va = *space->Map({.size_bytes = 4 * kPageSize,
                                 .kind = VmaKind::kFile,
                                 .sharing = Sharing::kShared,
                                 .object = object.reference});
    EXPECT_TRUE(object.object.TakePage(1).error() == base::Error::kNotFound);
    for (const AccessKind access : {AccessKind::kRead, AccessKind::kWrite}) {
      EXPECT_TRUE(world.Outcome(*space, va + kPageSize, access) == FaultOutcome::kNotLoaded);
    }
    EXPECT_TRUE(object.object.LoadsPages());
    EXPECT_TRUE(space->Populate({va, 3 * kPageSize}).error() == base::Error::kNotFound);
    EXPECT_TRUE(space->SetLocked({va, 3 * kPageSize}, Locked::kYes).error() ==
                base::Error::kNotFound);
    EXPECT_TRUE(space->SetLocked({va, 3 * kPageSize}, Locked::kNo).has_value());
    EXPECT_TRUE(object.object.LoadPage(1) == PageMove::kDone);
    EXPECT_TRUE(world.Outcome(*space, va + kPageSize, AccessKind::kWrite) ==
                FaultOutcome::kResolved);
    EXPECT_TRUE(world.Outcome(*space, va + 3 * kPageSize, AccessKind::kRead) ==
                FaultOutcome::kBeyondObject);
    EXPECT_TRUE(object.object.LoadPage(3) == PageMove::kFailed);
    EXPECT_TRUE(object.object.StorePages(1, 2) == PageMove::kDone);
    EXPECT_TRUE(filler.stored == std::pair(uint64_t{1}, uint64_t{2}));
    EXPECT_TRUE(space->CheckInvariants().has_value());
  }
  EXPECT_TRUE(world.IsEmpty());
}

TEST(PagedObject, FindsTheNextPage) {
  SpaceWorld world;
  const auto object = *PagedObject::Create(world.objects, PagedObject::kMostBytes);
  EXPECT_TRUE(object.object.FindPageFrom(0) == std::nullopt);
  constexpr std::array<uint64_t, 4> kPages = {0, 63, 64, uint64_t{1} << 40};
  for (const uint64_t page : kPages) EXPECT_TRUE(object.object.TakePage(page).has_value());
  uint64_t from = 0;
  for (const uint64_t page : kPages) {
    EXPECT_TRUE(object.object.FindPageFrom(from) == page);
    EXPECT_TRUE(object.object.FindPageFrom(page) == page);
    from = page + 1;
  }
  EXPECT_TRUE(object.object.FindPageFrom(from) == std::nullopt);
}

// A process that may have devices.
constexpr auto kRegions = [] {
  auto regions = kWorldRegions;
  for (Region& region : regions) region.caching = Caching::kDevice;
  return regions;
}();
constexpr Layout kLayout = [] {
  Layout layout = kWorldLayout;
  layout.regions = kRegions;
  return layout;
}();

TEST(DeviceObject, ShowsItsFramesUncounted) {
  SpaceWorld world(kLayout);
  DeviceObject device({{0xFEC0'0000}, 2 * kPageSize});
  const auto space = world.NewSpace();
  const auto va = space->Map({.size_bytes = 3 * kPageSize,
                              .kind = VmaKind::kDevice,
                              .sharing = Sharing::kShared,
                              .object = ObjectReference(device)});
  ASSERT_TRUE(va.has_value());
  const auto reached = world.Use(*space, *va + kPageSize, AccessKind::kWrite);
  EXPECT_EQ(reached.frame, FrameNumber{0xFEC01});
  EXPECT_TRUE(space->table().PageAt(*va + kPageSize)->caching == Caching::kDevice);
  EXPECT_TRUE(world.Outcome(*space, *va + 2 * kPageSize, AccessKind::kRead) ==
              FaultOutcome::kBeyondObject);
  EXPECT_TRUE(space->CheckInvariants().has_value());
  // Closed, opened, and dead: it stays the device's, and no frame of ours.
  for (const Access access : {Access::kNone, Access::kReadWrite}) {
    EXPECT_TRUE(space->Protect({*va, 3 * kPageSize}, access).has_value());
    EXPECT_TRUE(space->CheckInvariants().has_value());
  }
  EXPECT_EQ(world.Use(*space, *va, AccessKind::kWrite).frame, FrameNumber{0xFEC00});
  EXPECT_TRUE(space->table().PageAt(*va)->caching == Caching::kDevice);
  EXPECT_TRUE(space->MarkDead({*va, kPageSize}).has_value());
  EXPECT_EQ(space->Sweep(), PageCount{1});
  EXPECT_TRUE(space->Unmap({*va, 3 * kPageSize}).has_value());
  EXPECT_EQ(device.references(), 0U);
}

TEST(DeviceObject, TellsItsOwnerOfItsEnd) {
  struct Owner final : DeviceObjectOwner {
    void DeviceEnded(DeviceObject& object) override { ended = &object; }
    DeviceObject* ended = nullptr;
  };
  Owner owner;
  DeviceObject device({{0xFEC0'0000}, kPageSize}, &owner);
  {
    const ObjectReference reference(device);
    const ObjectReference other = reference;
    EXPECT_TRUE(owner.ended == nullptr);
  }
  EXPECT_TRUE(owner.ended == &device);
}

}  // namespace
}  // namespace mm
