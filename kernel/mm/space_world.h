// A small world for tests of address spaces, on the host and in the kernels: frames that end, page
// tables that are lists, a processor that remembers, and a layout.
//
//   SpaceWorld world;
//   auto space = world.NewSpace();
//   EXPECT_TRUE(world.Write(*space, va, 7));   // as a program does: faults are resolved
//   EXPECT_EQ(world.Read(*space, va), 7);      // nothing where the program would be killed
//   EXPECT_TRUE(world.IsEmpty());              // nothing is left of anything
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/address.h"
#include "kernel/mm/address_space.h"
#include "kernel/mm/exhaustion_memory.h"
#include "kernel/mm/fault_info.h"
#include "kernel/mm/frame_window.h"
#include "kernel/mm/layout.h"
#include "kernel/mm/memory_object.h"
#include "kernel/mm/paged_object.h"
#include "kernel/mm/placement.h"
#include "kernel/mm/slab_depot.h"
#include "kernel/mm/space_table_fake.h"
#include "kernel/mm/user_frames.h"
#include "kernel/sync/cpu.h"
#include "layouts/kora.h"

namespace mm {

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
  size_t in_use_ = 0;
};

// Too large for a kernel's stack.
inline FakeTables space_world_tables;

class SpaceWorld {
 public:
  using Space = AddressSpace<FakeSpaceTable>;
  using Reference = Space::Reference;

  // A process has 4 MiB to 3 GiB.
  explicit SpaceWorld(const Layout& layout = layouts::x86_64_kora::kLayout)
      : memory(trial_storage),
        windows(memory.table()),
        source(memory),
        frames(source, memory.table(), windows),
        depot(memory, memory.table()),
        placement(layout),
        objects(depot, frames),
        pool(depot, memory, frames, placement) {
    CHECK(frames.Start().has_value());
    CHECK(tables.tables_in_use() == 0);
  }

  [[nodiscard]] Reference NewSpace() {
    return Space::Create(pool, FakeSpaceTable::Create(tables).value()).value();
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

  // Frames in use but the zero frame.
  [[nodiscard]] size_t frames_in_use() const { return source.in_use() - 1; }
  [[nodiscard]] bool IsEmpty() const {
    return frames_in_use() == 0 && tables.tables_in_use() == 0 && objects.pages() == PageCount{0};
  }

  FakeTables& tables = space_world_tables;
  TrialMemory memory;
  NoWindows windows;
  TrialFrames source;
  UserFrames frames;
  SlabDepot depot;
  Placement placement;
  PagedObjectPool objects;
  SpacePool<FakeSpaceTable> pool;
};

}  // namespace mm
