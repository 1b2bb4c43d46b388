// Several processors at once: areas and pages that do not meet, windows that are one's own. For
// TSan, above all.
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <thread>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/regions/frame_window_fake.h"
#include "kernel/mm/regions/region_pages.h"
#include "kernel/mm/regions/vmalloc.h"
#include "kernel/mm/tables/locked_table.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/tlb_work.h"
#include "kernel/mm/test_pages.h"
#include "kernel/sync/cpu.h"
#include "kernel/sync/spin_lock.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr unsigned kThreads = 4;
constexpr size_t kRegionPages = 4096;
constexpr VirtRange kRegion{{0x10'0000}, kRegionPages* kPageSize};

constexpr size_t kArenaPages = 128;
TestArena<kArenaPages> arena;
TestArena<32> more_pages;

// What each page leads to, for kRegionPages from `base` on. Not locked: that is what is tested.
class PlainTable {
 public:
  explicit PlainTable(VirtAddr base) : base_(base) {}

  base::Result<> Map(const VirtRange& range, PhysAddr target, const PageAttributes&) {
    for (uint64_t offset = 0; offset < range.size_bytes; offset += kPageSize) {
      uint64_t& page = PageAt(range.base + offset);
      CHECK(page == kNothing);
      page = target.value + offset;
    }
    ++changes_;
    return {};
  }
  base::Result<> Unmap(const VirtRange& range, TlbBatch& batch) {
    for (uint64_t offset = 0; offset < range.size_bytes; offset += kPageSize) {
      PageAt(range.base + offset) = kNothing;
    }
    ++changes_;
    batch.AddPages(range, kPageSize, Scope::kGlobal);
    return {};
  }
  std::optional<PhysAddr> Translate(VirtAddr va) const {
    const uint64_t page = pages_[(va - base_) / kPageSize];
    if (page == kNothing) return std::nullopt;
    return PhysAddr{page};
  }
  void Invalidate(const TlbWork&) { ++invalidations_; }
  void* Pointer(PhysAddr) { return nullptr; }
  void FreeTable(PhysAddr, uint64_t) {}

 private:
  static constexpr uint64_t kNothing = 0;

  uint64_t& PageAt(VirtAddr va) { return pages_[(va - base_) / kPageSize]; }

  VirtAddr base_;
  std::array<uint64_t, kRegionPages> pages_{};
  uint64_t changes_ = 0;  // for TSan: a table's changes meet, even where its pages do not
  std::atomic<unsigned> invalidations_ = 0;
};

class SharedFrames {
 public:
  base::Result<FrameNumber> AllocateFrame() {
    const locking::SpinLockHolder holder(lock_);
    if (free_ == 0) return std::unexpected(base::Error::kOutOfMemory);
    return FrameNumber{stack_[--free_]};
  }
  void FreeFrame(FrameNumber frame) {
    const locking::SpinLockHolder holder(lock_);
    stack_[free_++] = frame.value;
  }
  FrameNumber LinkOf(FrameNumber frame) const { return links_[frame.value]; }
  void SetLink(FrameNumber frame, FrameNumber next) { links_[frame.value] = next; }

  SharedFrames() {
    for (uint64_t i = 0; i < kFrames; ++i) stack_[i] = i + 1;
  }
  [[nodiscard]] size_t free_frames() const {
    const locking::SpinLockHolder holder(lock_);
    return free_;
  }
  static constexpr size_t kFrames = 1500;

 private:
  mutable locking::SpinLock lock_;
  std::array<uint64_t, kFrames> stack_{};
  size_t free_ GUARDED_BY(lock_) = kFrames;
  std::array<FrameNumber, kFrames + 1> links_{};
};

template <class Work>
void OnAllProcessors(Work work) {
  std::array<std::thread, kThreads> threads;
  for (unsigned i = 0; i < kThreads; ++i) {
    threads[i] = std::thread([i, &work] {
      const locking::ThreadAsCpu cpu(i);
      work(i);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

TEST(VmallocThreads, AreasNeverMeet) {
  static PlainTable table(kRegion.base);
  static SharedFrames frames;
  TestPages pages(arena.bytes);
  Vmalloc<PlainTable, PlainTable, SharedFrames> vmalloc(table, table, frames, pages);
  ASSERT_TRUE(vmalloc.Start(kRegion).has_value());
  std::array<std::atomic<unsigned>, kRegionPages> owner{};
  std::atomic<unsigned> refused = 0;
  OnAllProcessors([&](unsigned cpu) {
    constexpr unsigned kRounds = 300;
    for (unsigned round = 0; round < kRounds; ++round) {
      const uint64_t bytes = (1 + (round * 7 + cpu * 3) % 20) * kPageSize;
      const auto area = vmalloc.Allocate({.size_bytes = bytes, .name = "thread"});
      const auto device = vmalloc.MapDevice({{0xFE00'0000 + round * 0x10}, 0x20}, "device");
      if (!area || !device) {
        ++refused;
        continue;
      }
      const size_t first = (area->base - kRegion.base) / kPageSize;
      for (size_t i = first; i < first + bytes / kPageSize; ++i) {
        EXPECT_EQ(owner[i].exchange(cpu + 1), 0U);
      }
      EXPECT_TRUE(vmalloc.Find(area->base).has_value());
      for (size_t i = first; i < first + bytes / kPageSize; ++i) owner[i] = 0;
      EXPECT_TRUE(vmalloc.UnmapDevice(*device).has_value());
      EXPECT_TRUE(vmalloc.Free(area->base).has_value());
      if (round % 64 == 0) vmalloc.Purge();
    }
  });
  EXPECT_EQ(refused, 0U);
  EXPECT_TRUE(vmalloc.CheckInvariants().has_value());
  vmalloc.Purge();
  EXPECT_EQ(frames.free_frames(), SharedFrames::kFrames);
  EXPECT_EQ(vmalloc.statistics().areas, 0U);
}

// Areas and slabs' pages in regions of one table.
TEST(VmallocThreads, PagesOfAnotherRegion) {
  constexpr size_t kArrayPages = 16;
  constexpr size_t kHalf = kRegionPages / 2;
  const VirtAddr base = AddressOf(arena.bytes);
  static PlainTable plain(base);
  static SharedFrames frames;
  using Table = LockedTable<PlainTable, PlainTable>;
  Table table(plain, plain);
  TestPages nodes(std::span(arena.bytes).subspan(kArrayPages * kPageSize));
  TestPages area_nodes(more_pages.bytes);
  Vmalloc<Table, PlainTable, SharedFrames> vmalloc(table, plain, frames, area_nodes);
  ASSERT_TRUE(vmalloc.Start({base + kHalf * kPageSize, kHalf * kPageSize}).has_value());
  RegionPages<Table, PlainTable, SharedFrames> pages(table, plain, frames, nodes);
  const VirtRange region{base + kArenaPages * kPageSize, (kHalf - kArenaPages) * kPageSize};
  ASSERT_TRUE(pages.Start(region, {base, kArrayPages * kPageSize}).has_value());
  OnAllProcessors([&](unsigned cpu) {
    constexpr unsigned kRounds = 300;
    for (unsigned round = 0; round < kRounds; ++round) {
      const unsigned order = (round + cpu) % 5;
      const auto run = pages.AllocatePages(order);
      const auto area = vmalloc.Allocate({.size_bytes = kPageSize, .name = "thread"});
      ASSERT_TRUE(run.has_value() && area.has_value());
      FrameDescriptor& first = pages.descriptors().Of(*run);
      EXPECT_EQ(first.owner(), 0U);
      first.SetOwner(cpu + 1);
      EXPECT_TRUE(vmalloc.Free(area->base).has_value());
      EXPECT_EQ(first.owner(), cpu + 1);
      first.SetOwner(0);
      pages.FreePages(*run, order);
    }
  });
  vmalloc.Purge();
  EXPECT_TRUE(vmalloc.CheckInvariants().has_value());
  EXPECT_TRUE(pages.CheckInvariants().has_value());
  EXPECT_EQ(pages.statistics().pages, PageCount{0});
  EXPECT_EQ(frames.free_frames() + pages.statistics().descriptor_pages.value,
            SharedFrames::kFrames);
}

TEST(FrameWindowThreads, EachProcessorHasItsOwnSlots) {
  static FakeFrameWindows windows;
  OnAllProcessors([&](unsigned cpu) {
    const FrameNumber mine = FakeFrameWindows::kFirst + PageCount{FakeFrameWindows::kDirect + cpu};
    for (unsigned round = 0; round < 200; ++round) {
      const std::byte value{static_cast<uint8_t>(cpu * 16 + round % 16)};
      windows.Fill(mine, value);
      const locking::CpuPin pin;
      const FrameWindow window = windows.Open(pin, mine);
      const FrameWindow again = windows.Open(pin, mine);
      EXPECT_EQ(window.bytes().front(), value);
      EXPECT_EQ(again.bytes().back(), value);
      EXPECT_TRUE(windows.IsMapped(cpu * FrameWindows::kSlotsPerCpu + 1));
    }
  });
  EXPECT_EQ(windows.open_slots(), 0U);
}

TEST(FrameWindowDeathTest, MoreWindowsThanSlotsAreABug) {
  FakeFrameWindows windows;
  const locking::CpuPin pin;
  const FrameNumber high = FakeFrameWindows::kFirst + PageCount{FakeFrameWindows::kDirect};
  std::array<std::optional<FrameWindow>, FrameWindows::kSlotsPerCpu> open;
  for (auto& window : open) window.emplace(windows.Open(pin, high));
  EXPECT_DEATH((void)windows.Open(pin, high), "kSlotsPerCpu");
}

}  // namespace
}  // namespace mm
