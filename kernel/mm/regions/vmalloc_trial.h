// vmalloc, device mappings and frame windows over the page tables of an architecture: what a test
// in its facts calls. Small enough to run in a kernel, too.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/regions/frame_window_slots.h"
#include "kernel/mm/regions/vmalloc.h"
#include "kernel/mm/regions/vmalloc_areas.h"
#include "kernel/mm/tables/locked_table.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "kernel/sync/cpu.h"

namespace mm {

// Frames that nobody can look at; the lowest free one is given out, descending in pairs, so that
// neither all nor none of them follow each other.
class TrialFrames {
 public:
  static constexpr FrameNumber kFirst{0x8'0000};
  static constexpr size_t kFrames = 64;

  [[nodiscard]] base::Result<FrameNumber> AllocateFrame() {
    for (size_t i = 0; i < kFrames; ++i) {
      const size_t index = (kFrames - 2 - (i & ~size_t{1})) + (i & 1);
      if (taken_[index]) continue;
      taken_[index] = true;
      return FrameNumber{kFirst.value + index};
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }
  void FreeFrame(FrameNumber frame) {
    bool& taken = taken_[IndexOf(frame)];
    CHECK(taken);
    taken = false;
  }
  [[nodiscard]] FrameNumber LinkOf(FrameNumber frame) const { return links_[IndexOf(frame)]; }
  void SetLink(FrameNumber frame, FrameNumber next) { links_[IndexOf(frame)] = next; }
  [[nodiscard]] bool AreAllFree() const {
    for (const bool taken : taken_) {
      if (taken) return false;
    }
    return true;
  }

 private:
  [[nodiscard]] static size_t IndexOf(FrameNumber frame) {
    return static_cast<size_t>((frame - kFirst).value);
  }

  std::array<bool, kFrames> taken_{};
  std::array<FrameNumber, kFrames> links_{};
};

template <PagingPolicy P>
class VmallocTrial {
 public:
  using Table = PageTable<P, PageTableArena>;
  using Slots = FrameWindowSlots<P, PageTableArena>;

  // `region` is part of what the root translates.
  VmallocTrial(RootShape root, typename P::Features features, PageTableArena& tables,
               PageSource& nodes, const VirtRange& region)
      : tables_(tables),
        table_(*Table::Create(root, features, tables)),
        locked_(table_, tables),
        vmalloc_(locked_, tables, frames_, nodes),
        windows_(table_, tables, frame_table_),
        region_(region) {
    CHECK(vmalloc_.Start(region).has_value());
  }

  // Each says whether all went as it should.

  [[nodiscard]] bool MapsAndFrees() {
    const size_t slots_before = tables_.taken_slots();
    const auto memory = vmalloc_.Allocate({.size_bytes = 40 * kPageSize, .name = "memory"});
    const auto device = vmalloc_.MapDevice({{0x4000'0FFE}, 4}, "device");
    if (!memory || !device || !IsSound()) return false;
    const auto shown = table_.Query(*device);
    if (!shown || shown->attributes.caching != Caching::kDevice) return false;
    if (table_.Translate(*device) != PhysAddr{0x4000'0FFE}) return false;
    if (table_.Translate(*device + 3) != PhysAddr{0x4000'1001}) return false;
    if (table_.Translate(memory->base - 1) || table_.Translate(memory->last() + 1)) return false;
    const size_t rounds = tables_.invalidations();
    if (!vmalloc_.Free(memory->base)) return false;
    if (table_.Translate(memory->base) || !IsSound()) return false;
    if (tables_.invalidations() != rounds) return false;  // lazy
    // With the last page the tables go, and nobody may remember them.
    if (!vmalloc_.UnmapDevice(*device)) return false;
    if (tables_.invalidations() != rounds + 1 || tables_.taken_slots() != slots_before) {
      return false;
    }
    vmalloc_.Purge();
    return tables_.invalidations() == rounds + 1 && frames_.AreAllFree() && IsSound();
  }

  [[nodiscard]] bool RefusesToWriteWhatRuns() {
    constexpr Access kAll = Access::kReadWrite | Access::kExecute;
    const auto area = vmalloc_.Allocate({.size_bytes = 1, .name = "w and x", .access = kAll});
    return !area && area.error() == base::Error::kUnsupported && IsSound();
  }

  // To the last frame, then once more when one is back.
  [[nodiscard]] bool RunsOutAndRecovers() {
    const auto most =
        vmalloc_.Allocate({.size_bytes = TrialFrames::kFrames * kPageSize, .name = "most"});
    if (!most || vmalloc_.Allocate({.size_bytes = 1, .name = "none left"})) return false;
    if (!IsSound() || !vmalloc_.Free(most->base)) return false;
    const auto again = vmalloc_.Allocate({.size_bytes = 1, .name = "again"});
    if (!again || !vmalloc_.Free(again->base)) return false;
    vmalloc_.Purge();
    return frames_.AreAllFree() && IsSound();
  }

  // Slots across two tables, each table for them missing in turn: all or nothing.
  [[nodiscard]] FailureRun StartsWindowsOrChangesNothing() {
    const LevelShape last_level = P::Level(0);
    const uint64_t table_reach = last_level.table_bytes / sizeof(typename P::Entry) * kPageSize;
    const VirtAddr boundary = AlignUp(region_.base + kPageSize, table_reach);
    const VirtRange range{boundary - 2 * kPageSize, Slots::kPages.bytes()};
    const size_t slots_before = tables_.taken_slots();
    return FailEachAllocation(
        tables_.failure,
        [&]() -> base::Result<> {
          TRY(windows_.Start(range, {0x1'2345}));
          windows_.Stop();
          return {};
        },
        [&] { return tables_.taken_slots() == slots_before && IsSound(); });
  }

  // Windows in an area of reserved addresses, as in a layout without a region for them.
  [[nodiscard]] bool OpensWindows() {
    // A 32-bit kernel trying a 64-bit machine's tables has no pointers to there.
    if (region_.last().value > std::numeric_limits<uintptr_t>::max()) return true;
    const auto area = vmalloc_.Reserve(Slots::kPages, "windows");
    if (!area || !windows_.Start(*area, {0x1'2345})) return false;
    const bool opened = OpensAllSlots();
    windows_.Stop();
    return opened && vmalloc_.Release(area->base) && IsSound();
  }

 private:
  static constexpr uint64_t kDirectFrames = 16;

  [[nodiscard]] bool IsSound() const {
    return vmalloc_.CheckInvariants().has_value() && table_.CheckInvariants().has_value();
  }

  [[nodiscard]] bool OpensAllSlots() {
    const locking::CpuPin pin;
    const FrameNumber direct{kFirstDirect.value + 3};
    if (windows_.Open(pin, direct).data() != frame_table_.Pointer(direct)) return false;
    return windows_.open_slots() == 0 && OpensFrom(pin, 0) && windows_.open_slots() == 0;
  }

  // One more each time, all open at once.
  [[nodiscard]] bool OpensFrom(const locking::CpuPin& pin, unsigned depth) {
    if (depth == FrameWindows::kSlotsPerCpu) return true;
    const FrameNumber high{0x5'0000 + depth};
    const size_t slots_before = tables_.taken_slots();
    VirtAddr va;
    {
      FrameWindow opened = windows_.Open(pin, high);
      const FrameWindow window = std::move(opened);
      va = AddressOf(window.data());
      if (table_.Translate(va) != BaseOf(high)) return false;
      if (windows_.open_slots() != depth + 1 || !OpensFrom(pin, depth + 1)) return false;
    }
    return !table_.Translate(va) && tables_.invalidated() == VirtRange{va, kPageSize} &&
           tables_.taken_slots() == slots_before;
  }

  static constexpr FrameNumber kFirstDirect{0x100};

  PageTableArena& tables_;
  Table table_;
  LockedTable<Table, PageTableArena> locked_;
  TrialFrames frames_;
  Vmalloc<LockedTable<Table, PageTableArena>, PageTableArena, TrialFrames> vmalloc_;
  FrameTable frame_table_{{}, {0}, {kFirstDirect, {kDirectFrames}, this}};
  Slots windows_;
  VirtRange region_;
};

}  // namespace mm
