#include "kernel/fs/disk.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/fs/file_world.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/host/block.h"

namespace fs {
namespace {

using mm::PageMove;
using posix::Errno;
using sched::WaitResult;
using sched::host::WhileBlocked;

constexpr uint64_t kPage = mm::kPageSize;
constexpr uint64_t kDiskBytes = 2 * kPage + 512;

struct DiskWorld final : DiskDriver {
  DiskWorld() : bytes(kDiskBytes, ' ') {
    for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>('a' + i / 512);
    EXPECT_TRUE(disk.Offer(*this, kDiskBytes, Disk::Writing::kAllowed).has_value());
  }
  ~DiskWorld() {
    if (disk.HasDriver()) disk.Revoke(Disk::Device::kQuiet);
  }

  void OnTransfers() override { ++calls; }
  [[nodiscard]] bool MayBeAwaited() const override { return may_wait; }

  void Check() { EXPECT_TRUE(disk.CheckInvariants().has_value()); }

  // As a device would: straight into the page.
  void Move(const TransferOrder& order) {
    orders.push_back(order);
    if (order.kind == TransferKind::kFlush) return;
    const locking::CpuPin pin;
    const mm::FrameWindow window =
        world.frames.windows().Open(pin, mm::FrameContaining(order.memory));
    auto* const page = reinterpret_cast<char*>(window.bytes().data());
    char* const on_disk = bytes.data() + order.offset;
    if (order.kind == TransferKind::kRead) std::memcpy(page, on_disk, order.size_bytes);
    if (order.kind == TransferKind::kWrite) std::memcpy(on_disk, page, order.size_bytes);
  }

  // All that there is to do.
  WaitResult Work() {
    while (const auto order = disk.Take()) {
      Check();
      Move(*order);
      EXPECT_TRUE(disk.Finish(order->number, ending).has_value());
      Check();
    }
    return WaitResult::kWoken;
  }

  std::string Read(uint64_t offset, size_t size) {
    std::string text(size, '?');
    KernelDestination destination(std::as_writable_bytes(std::span(text)));
    const auto count = disk.ReadAt(offset, destination);
    Check();
    if (!count) return "error " + std::to_string(static_cast<int>(count.error()));
    return text.substr(0, *count);
  }

  intptr_t Write(uint64_t offset, std::string_view text) {
    KernelSource source(BytesOf(text));
    const auto count = disk.WriteAt(offset, source);
    Check();
    return count ? static_cast<intptr_t>(*count) : posix::ReturnValueOf(count.error());
  }

  PageMove Load(uint64_t page) { return disk.pages()->LoadPage(page); }

  FileWorld world;
  Disk disk{world.memory, world.pool};
  std::string bytes;
  bool may_wait = true;
  int calls = 0;
  Disk::Ending ending = Disk::Ending::kDone;
  std::vector<TransferOrder> orders;
};

constexpr intptr_t Minus(Errno error) { return posix::ReturnValueOf(error); }

TEST(Disk, ReadsThroughItsPages) {
  DiskWorld world;
  const WhileBlocked driver([&](sched::Deadline) { return world.Work(); });
  EXPECT_EQ(world.Read(500, 24), std::string(12, 'a') + std::string(12, 'b'));
  ASSERT_EQ(world.orders.size(), 1U);
  EXPECT_EQ(world.orders[0].offset, 0U);
  EXPECT_EQ(world.orders[0].size_bytes, kPage);
  EXPECT_EQ(world.Read(0, 1), "a");
  EXPECT_EQ(world.orders.size(), 1U) << "it is known";
  EXPECT_EQ(world.Read(kPage - 1, 2), world.bytes.substr(kPage - 1, 2));
  EXPECT_EQ(world.Read(0, 3 * kPage), world.bytes);
  EXPECT_EQ(world.orders.back().size_bytes, 512U) << "no more than there is";
  EXPECT_EQ(world.Read(kDiskBytes, 1), "");
  EXPECT_EQ(world.Read(UINT64_MAX, 1), "");
  EXPECT_EQ(world.disk.pages()->size_bytes(), kDiskBytes);
}

TEST(Disk, WritesGoThrough) {
  DiskWorld world;
  const WhileBlocked driver([&](sched::Deadline) { return world.Work(); });
  EXPECT_EQ(world.Write(kPage - 2, "four"), 4);
  EXPECT_EQ(world.bytes.substr(kPage - 3, 6), "hfouri");
  EXPECT_EQ(world.Read(kPage - 2, 4), "four");
  EXPECT_EQ(world.Write(kDiskBytes - 2, "four"), 2) << "as far as it goes";
  EXPECT_EQ(world.Write(kDiskBytes, "x"), Minus(Errno::kNoSpace));
  EXPECT_EQ(world.Write(kDiskBytes, ""), 0);
  EXPECT_EQ(world.bytes.size(), kDiskBytes);
  BrokenSource broken(100, 0);
  EXPECT_EQ(world.disk.WriteAt(0, broken).error(), Errno::kFault);
}

// What mappings have changed, and no page that nobody has seen.
TEST(Disk, PagesAreStored) {
  DiskWorld world;
  const WhileBlocked driver([&](sched::Deadline) { return world.Work(); });
  EXPECT_TRUE(world.Load(1) == PageMove::kDone);
  {
    const auto page = world.disk.pages()->FindPage(1);
    const locking::CpuPin pin;
    const auto window = world.world.frames.windows().Open(pin, page->frame());
    window.bytes()[0] = std::byte{'!'};
  }
  EXPECT_EQ(world.bytes[kPage], 'i');
  EXPECT_TRUE(world.disk.pages()->StorePages(0, 0) == PageMove::kDone);
  EXPECT_EQ(world.bytes[kPage], 'i');
  EXPECT_TRUE(world.disk.Sync().has_value());
  EXPECT_EQ(world.bytes[kPage], '!');
  EXPECT_TRUE(world.orders.back().kind == TransferKind::kFlush);
  EXPECT_EQ(world.disk.pages()->pages(), mm::PageCount{1});
}

TEST(Disk, SaysWhatFails) {
  DiskWorld world;
  {
    const WhileBlocked driver([&](sched::Deadline) { return world.Work(); });
    world.ending = Disk::Ending::kFailed;
    EXPECT_EQ(world.Read(0, 1), "error 5");
    EXPECT_TRUE(world.Load(0) == PageMove::kFailed);
    EXPECT_FALSE(world.disk.pages()->HasPage(0));
    world.ending = Disk::Ending::kDone;
    EXPECT_EQ(world.Read(0, 1), "a") << "it is tried again";
    EXPECT_TRUE(world.Load(3) == PageMove::kFailed) << "behind the end";
    // What was moved counts.
    world.ending = Disk::Ending::kFailed;
    EXPECT_EQ(world.Read(kPage - 1, 2), "h");
    EXPECT_EQ(world.Write(0, "x"), Minus(Errno::kInputOutput));
    EXPECT_EQ(world.disk.Sync().error(), Errno::kInputOutput);
  }
  world.may_wait = false;
  EXPECT_EQ(world.Read(kPage, 1), "error 5") << "the driver would wait for itself";
  EXPECT_TRUE(world.disk.Finish(77, Disk::Ending::kDone).error() == Errno::kNoEntry);
}

TEST(Disk, ASignalEndsTheWaitAndNotTheTransfer) {
  DiskWorld world;
  {
    const WhileBlocked signal([&](sched::Deadline) { return WaitResult::kInterrupted; });
    EXPECT_EQ(world.Read(0, 1), "error 512");
    EXPECT_TRUE(world.Load(0) == PageMove::kInterrupted);
  }
  EXPECT_EQ(world.calls, 1) << "one transfer, however many wait";
  EXPECT_TRUE(world.Work() == WaitResult::kWoken);
  EXPECT_EQ(world.orders.size(), 1U);
  EXPECT_EQ(world.Read(0, 1), "a") << "without a wait";
}

TEST(Disk, NoMoreThanAFewAreWithTheDriver) {
  DiskWorld world;
  world.disk.Revoke(Disk::Device::kQuiet);
  constexpr uint64_t kPages = Disk::kMostSent + 2;
  world.bytes.assign(kPages * kPage, 'x');
  ASSERT_TRUE(world.disk.Offer(world, kPages * kPage, Disk::Writing::kForbidden).has_value());
  {
    const WhileBlocked signal([&](sched::Deadline) { return WaitResult::kInterrupted; });
    for (uint64_t page = 0; page < kPages; ++page) {
      EXPECT_TRUE(world.Load(page) == PageMove::kInterrupted);
    }
  }
  std::optional<TransferOrder> last;
  for (size_t i = 0; i < Disk::kMostSent; ++i) last = world.disk.Take();
  ASSERT_TRUE(last.has_value());
  EXPECT_FALSE(world.disk.Take().has_value());
  EXPECT_TRUE(world.disk.Finish(last->number, Disk::Ending::kDone).has_value());
  EXPECT_TRUE(world.disk.Take().has_value());
  world.Check();
  EXPECT_EQ(world.Write(0, "x"), Minus(Errno::kReadOnly));
  EXPECT_TRUE(world.disk.Sync().has_value()) << "there is nothing to write";
}

TEST(Disk, ADriverThatEndsFailsWhoWaits) {
  for (const Disk::Device device : {Disk::Device::kQuiet, Disk::Device::kMayStillWrite}) {
    DiskWorld world;
    {
      const WhileBlocked crash([&](sched::Deadline) {
        EXPECT_TRUE(world.disk.Take().has_value());
        world.disk.Revoke(device);
        return WaitResult::kWoken;
      });
      EXPECT_EQ(world.Read(0, 1), "error 5");
    }
    EXPECT_EQ(world.Read(0, 1), "error 5") << "nobody is there";
    EXPECT_TRUE(world.disk.Sync().has_value());
    const uint64_t lost = device == Disk::Device::kQuiet ? 0 : 1;
    EXPECT_EQ(world.disk.lost_pages(), mm::PageCount{lost});
    ASSERT_TRUE(world.disk.Offer(world, kDiskBytes, Disk::Writing::kAllowed).has_value());
    EXPECT_EQ(world.disk.Offer(world, kDiskBytes, Disk::Writing::kAllowed).error(), Errno::kExists);
    const WhileBlocked driver([&](sched::Deadline) { return world.Work(); });
    EXPECT_EQ(world.Read(0, 1), "a");
    world.disk.Revoke(Disk::Device::kQuiet);
    EXPECT_EQ(world.Read(0, 1), "a") << "what is known";
    // A smaller one: of the old one nothing is known.
    ASSERT_TRUE(world.disk.Offer(world, kPage, Disk::Writing::kAllowed).has_value());
    world.bytes.assign(kPage, 'z');
    EXPECT_EQ(world.Read(0, 2), "zz");
    EXPECT_EQ(world.Read(kPage, 1), "");
  }
}

TEST(Disk, WhatIsNoDisk) {
  DiskWorld world;
  world.disk.Revoke(Disk::Device::kQuiet);
  for (const uint64_t bytes : {uint64_t{0}, uint64_t{513}, uint64_t{1} << 63}) {
    EXPECT_EQ(world.disk.Offer(world, bytes, Disk::Writing::kAllowed).error(), Errno::kInvalid);
  }
  EXPECT_FALSE(world.disk.Take().has_value());
}

TEST(Disk, WithoutMemory) {
  DiskWorld world;
  const WhileBlocked driver([&](sched::Deadline) { return world.Work(); });
  world.world.memory.failure.FailAllocation(1);
  EXPECT_EQ(world.Read(0, 1), "error 12");
  world.world.memory.failure.FailAllocation(1);
  EXPECT_EQ(world.disk.Sync().error(), Errno::kOutOfMemory);
  world.world.memory.failure.FailNothing();
  world.Check();
  EXPECT_EQ(world.Read(0, 1), "a");
  EXPECT_TRUE(world.disk.Sync().has_value());
}

}  // namespace
}  // namespace fs
