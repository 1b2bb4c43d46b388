// A small world for tests of address spaces, on the host and in the kernels: frames that end, a
// layout, and page tables: lists with a processor that remembers, or an architecture's (see
// space_world_tables.h).
//
//   SpaceWorld world;
//   auto space = world.NewSpace();
//   EXPECT_TRUE(world.Write(*space, va, 7));   // as a program does: faults are resolved
//   EXPECT_EQ(world.Read(*space, va), 7);      // nothing where the program would be killed
//   EXPECT_TRUE(world.IsEmpty());              // nothing is left of anything
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/exhaustion_memory.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/space/address_space.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/mm/tables/space_table_fake.h"
#include "kernel/mm/test_failures.h"
#include "kernel/sync/cpu.h"

namespace mm {

// One region for all of a process.
inline constexpr std::array kWorldRegions = {
    Region{.name = "user",
           .range = {VirtAddr{uint64_t{8} << 20}, uint64_t{2} << 30},
           .user = Access::kImage,
           .kernel = Access::kNone,
           .caching = Caching::kNormal,
           .scope = Scope::kProcess,
           .service = Service::kProgram,
           .growth = Growth::kFixed,
           .guards = Guards::kBelow,
           .why = "the process"},
};
inline constexpr Layout kWorldLayout = {
    .name = "world",
    .shape = {.address_bits = 32,
              .extension = HardwareShape::Extension::kZero,
              .page_bytes = kPageSize},
    .regions = kWorldRegions,
    .promised_ram_bytes = 0,
    .direct_map_target = {},
    .image_link_base = {},
    .image_load_base = {},
};

// The direct map shows every frame.
class NoWindows final : public FrameWindows {
 public:
  explicit NoWindows(const FrameTable& frames) : FrameWindows(frames) {}

 private:
  void* MapSlot(unsigned, FrameNumber) override {
    CHECK(false);
    return nullptr;
  }
  void UnmapSlot(unsigned) override { CHECK(false); }
};

// It shows none of them: each is above it.
class WindowsAlone final : public FrameWindows {
 public:
  explicit WindowsAlone(const FrameTable& frames) : FrameWindows(shown_), frames_(frames) {}

 private:
  void* MapSlot(unsigned, FrameNumber frame) override { return frames_.Pointer(frame); }
  void UnmapSlot(unsigned) override {}

  const FrameTable& frames_;
  FrameTable shown_{{}, {0}, {.first = {0}, .pages = {0}, .base = nullptr}};
};

class TrialFrames final : public FrameSource {
 public:
  explicit TrialFrames(TrialMemory& memory) : memory_(memory) {}

  [[nodiscard]] base::Result<FrameNumber> AllocateFrame() override {
    const FrameNumber frame = TRY(memory_.AllocateFrame());
    // What was there before must not be seen.
    std::byte* const bytes = static_cast<std::byte*>(memory_.table().Pointer(frame));
    std::fill_n(bytes, kPageSize, std::byte{0xd5});
    ++in_use_;
    return frame;
  }
  void FreeFrame(FrameNumber frame) override {
    memory_.FreeFrame(frame);
    --in_use_;
  }
  [[nodiscard]] size_t in_use() const { return in_use_; }

 private:
  TrialMemory& memory_;
  std::atomic<size_t> in_use_ = 0;  // for tests with threads
};

// What a world needs of its page tables: to make them, what a program reaches through one, how many
// there are, and where their allocations fail if not in the memory.
class ListTables {
 public:
  using Table = FakeSpaceTable;

  explicit ListTables(TrialMemory&) {}
  ListTables(const ListTables&) = delete;
  ListTables& operator=(const ListTables&) = delete;
  ~ListTables() { CHECK(tables_.tables_in_use() == 0); }

  [[nodiscard]] base::Result<Table> Create() { return FakeSpaceTable::Create(tables_); }
  [[nodiscard]] std::optional<FrameNumber> Access(const Table& table, VirtAddr va,
                                                  AccessKind kind) {
    return tables_.Access(table, va, kind);
  }
  [[nodiscard]] size_t tables_in_use() const { return tables_.tables_in_use(); }
  [[nodiscard]] FailurePoint* failure() { return &tables_.failure; }

 private:
  FakeTables& tables_ = NewFakeTables();
};

template <class Tables, class Windows = NoWindows>
class SpaceWorldWith {
 public:
  using Space = AddressSpace<typename Tables::Table>;
  using Reference = typename Space::Reference;

  explicit SpaceWorldWith(const Layout& layout = kWorldLayout)
      : memory(trial_storage),
        tables(memory),
        windows(memory.table()),
        source(memory),
        frames(source, memory.table(), windows),
        depot(memory, memory.table()),
        placement(layout),
        objects(depot, frames),
        pool(depot, memory, frames, placement) {
    CHECK(frames.Start().has_value());
  }

  [[nodiscard]] Reference NewSpace() {
    return Space::Create(pool, tables.Create().value()).value();
  }

  // What happens when a program uses an address: the frame that it reaches in the end, or how the
  // fault ended that was not resolved.
  struct Reached {
    FaultOutcome outcome = FaultOutcome::kResolved;
    FrameNumber frame;
    unsigned faults = 0;
  };
  Reached Use(Space& space, VirtAddr va, AccessKind kind) {
    constexpr unsigned kMostFaults = 3;
    Reached reached;
    for (; reached.faults < kMostFaults; ++reached.faults) {
      if (const auto frame = tables.Access(space.table(), va, kind)) {
        reached.frame = *frame;
        return reached;
      }
      const auto page = space.table().PageAt(va);
      const bool is_there = page && page->access != Access::kNone;
      reached.outcome =
          space.HandleFault({.va = va,
                             .access = kind,
                             .cause = is_there ? FaultCause::kPermission : FaultCause::kNotMapped,
                             .privilege = Privilege::kUser});
      if (reached.outcome != FaultOutcome::kResolved) return reached;
    }
    CHECK(false);  // resolved, and faults again and again
    return reached;
  }

  [[nodiscard]] std::optional<int> Read(Space& space, VirtAddr va) {
    const Reached reached = Use(space, va, AccessKind::kRead);
    if (reached.outcome != FaultOutcome::kResolved) return std::nullopt;
    return std::to_integer<int>(Byte(reached.frame, va));
  }
  [[nodiscard]] bool Write(Space& space, VirtAddr va, int value) {
    const Reached reached = Use(space, va, AccessKind::kWrite);
    if (reached.outcome != FaultOutcome::kResolved) return false;
    CHECK(reached.frame != frames.zero_frame());
    Byte(reached.frame, va) = static_cast<std::byte>(value);
    return true;
  }
  [[nodiscard]] FaultOutcome Outcome(Space& space, VirtAddr va, AccessKind kind) {
    return Use(space, va, kind).outcome;
  }

  [[nodiscard]] std::byte& Byte(FrameNumber frame, VirtAddr va) {
    return static_cast<std::byte*>(memory.table().Pointer(frame))[va.value % kPageSize];
  }

  // Of frames and of tables; see FailurePoint.
  void FailAllocation(unsigned n) {
    memory.failure.FailAllocation(n);
    if (tables.failure() != nullptr) tables.failure()->FailAllocation(n);
  }
  void FailAfter(unsigned n) {
    memory.failure.FailAfter(n);
    if (tables.failure() != nullptr) tables.failure()->FailAfter(n);
  }
  void FailNothing() {
    memory.failure.FailNothing();
    if (tables.failure() != nullptr) tables.failure()->FailNothing();
  }
  [[nodiscard]] bool has_failed() {
    return memory.failure.has_failed() ||
           (tables.failure() != nullptr && tables.failure()->has_failed());
  }

  // Frames in use but the zero frame.
  [[nodiscard]] size_t frames_in_use() const { return source.in_use() - 1; }
  [[nodiscard]] bool IsEmpty() const {
    return frames_in_use() == 0 && tables.tables_in_use() == 0 && objects.pages() == PageCount{0};
  }

  TrialMemory memory;
  Tables tables;
  Windows windows;
  TrialFrames source;
  UserFrames frames;
  SlabDepot depot;
  Placement placement;
  PagedObjectPool objects;
  SpacePool<typename Tables::Table> pool;
};

using SpaceWorld = SpaceWorldWith<ListTables>;

}  // namespace mm
