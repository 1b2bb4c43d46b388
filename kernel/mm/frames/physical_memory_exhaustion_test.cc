// Memory that ends, or of which only fragments are left: whatever fails leaves all as it was.
#include <array>
#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/frames/physical_memory_test_machine.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr uint64_t kBlock = kBlockFrames;
constexpr size_t kBlocks = 3;
constexpr uint64_t kFrames = kBlocks * kBlock;

// A block for each zone.
constexpr FirmwareRange kRanges[] = {{{0x0}, kFrames* kPageSize, FirmwareKind::kRam}};
constexpr ZoneLimits kLimits{.normal_first = {kBlock}, .high_first = {2 * kBlock}};
// All in the normal zone.
constexpr ZoneLimits kOneZone{.normal_first = {0}, .high_first = {kFrames}};

constinit FakeMachine<kBlocks> machine{};

bool IsSound(PhysicalMemory& memory) { return memory.CheckInvariants().has_value(); }

// What a failure may not change. A processor may give back what it keeps.
struct Counts {
  std::array<PageCount, kZoneCount> usable;
  std::array<PageCount, kZoneCount> free;

  friend bool operator==(const Counts&, const Counts&) = default;
};

Counts CountsOf(PhysicalMemory& memory) {
  Counts counts{};
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    const ZoneStatistics zone = memory.Statistics(static_cast<ZoneKind>(kind));
    counts.usable[kind] = zone.usable;
    counts.free[kind] = zone.free;
  }
  return counts;
}

struct RequestRow {
  std::string_view name;
  FrameRequest request;
};

template <size_t kRows>
void ExpectAllFail(PhysicalMemory& memory, const RequestRow (&rows)[kRows]) {
  const Counts before = CountsOf(memory);
  for (const RequestRow& row : rows) {
    const auto run = memory.Allocate(row.request);
    ASSERT_FALSE(run.has_value()) << row.name;
    EXPECT_EQ(run.error(), base::Error::kOutOfMemory) << row.name;
    EXPECT_TRUE(CountsOf(memory) == before) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
  }
}

void TakeAll(PhysicalMemory& memory, ZoneKind highest) {
  while (memory.AllocateFrame(highest).has_value()) {
  }
}

constexpr FrameNumber kAnywhere = FrameRequest{}.last;

TEST(PhysicalMemoryExhaustion, NothingIsLeft) {
  constexpr RequestRow kRequests[] = {
      {"a frame", {}},
      {"a frame of dma", {.highest = ZoneKind::kDma}},
      {"a frame of high", {.highest = ZoneKind::kHigh}},
      {"a zeroed frame", {.contents = Contents::kZeroed}},
      {"a zeroed frame of any zone", {.highest = ZoneKind::kHigh, .contents = Contents::kZeroed}},
      {"an order", {.pages = {8}, .alignment = {8}}},
      {"three frames", {.pages = {3}}},
      {"three zeroed frames", {.pages = {3}, .contents = Contents::kZeroed}},
      {"a block", {.pages = {512}, .alignment = {512}, .highest = ZoneKind::kHigh}},
      {"more than a block", {.pages = {513}, .highest = ZoneKind::kHigh}},
      {"an aligned frame", {.alignment = {64}}},
      {"a frame below a limit", {.last = {0x100}}},
      {"aligned frames below a limit", {.pages = {5}, .alignment = {8}, .last = {0x100}}},
  };
  PhysicalMemory& memory = machine.Start(kRanges, kLimits);
  TakeAll(memory, ZoneKind::kHigh);
  EXPECT_EQ(memory.FreePages(), PageCount{0});
  ExpectAllFail(memory, kRequests);
  for (unsigned order = 0; order <= kMaxOrder + 1; ++order) {
    const auto run = memory.AllocateOrder(order, ZoneKind::kHigh);
    EXPECT_TRUE(!run && run.error() == base::Error::kOutOfMemory) << order;
  }
  const auto reserved = memory.Reserve({7}, PageCount{1}, MemoryState::kModule);
  EXPECT_TRUE(!reserved && reserved.error() == base::Error::kOverlap);
  EXPECT_EQ(memory.FreePages(), PageCount{0});
  // The first frame that is back serves whoever asks next.
  for (const RequestRow& row : kRequests) {
    const bool is_one_frame =
        row.request.pages == PageCount{1} && row.request.contents == Contents::kArbitrary;
    if (!is_one_frame) continue;
    const FrameNumber frame{64};
    ASSERT_TRUE(memory.FreeFrame(frame).has_value()) << row.name;
    EXPECT_TRUE(memory.Allocate(row.request) == frame) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
  }
  for (uint64_t frame = 0; frame < kFrames; ++frame) {
    ASSERT_TRUE(memory.FreeFrame({frame}).has_value()) << frame;
  }
  memory.DrainThisCpu();
  EXPECT_EQ(memory.FreePages(), PageCount{kFrames});
  EXPECT_EQ(memory.Statistics(ZoneKind::kHigh).free_blocks[kBlockOrder], 1U);
  EXPECT_TRUE(IsSound(memory));
}

// Every second frame is free: half of all memory, and no two side by side.
TEST(PhysicalMemoryExhaustion, OnlyFragmentsAreLeft) {
  constexpr RequestRow kRequests[] = {
      {"two frames, aligned", {.pages = {2}, .alignment = {2}}},
      {"two frames", {.pages = {2}}},
      {"two frames of high", {.pages = {2}, .highest = ZoneKind::kHigh}},
      {"two frames of dma", {.pages = {2}, .highest = ZoneKind::kDma}},
      {"two zeroed frames", {.pages = {2}, .contents = Contents::kZeroed}},
      {"three frames", {.pages = {3}}},
      {"a row", {.pages = {64}, .alignment = {64}}},
      {"a block", {.pages = {512}, .alignment = {512}, .highest = ZoneKind::kHigh}},
      {"more than a block", {.pages = {513}, .highest = ZoneKind::kHigh}},
      {"an even frame", {.alignment = {2}, .highest = ZoneKind::kHigh}},
      {"the first frame", {.last = {0}}},
      {"two frames below a limit", {.pages = {2}, .last = {0x100}}},
  };
  PhysicalMemory& memory = machine.Start(kRanges, kLimits);
  TakeAll(memory, ZoneKind::kHigh);
  for (uint64_t frame = 1; frame < kFrames; frame += 2) {
    ASSERT_TRUE(memory.FreeFrame({frame}).has_value()) << frame;
  }
  ExpectAllFail(memory, kRequests);
  EXPECT_EQ(memory.FreePages(), PageCount{kFrames / 2});
  EXPECT_TRUE(memory.Allocate({.last = {1}}) == FrameNumber{1});
  for (uint64_t left = kFrames / 2 - 1; left > 0; --left) {
    ASSERT_TRUE(memory.AllocateFrame(ZoneKind::kHigh).has_value()) << left;
  }
  EXPECT_FALSE(memory.AllocateFrame(ZoneKind::kHigh).has_value());
  EXPECT_TRUE(IsSound(memory));
}

// Who asks for low memory gets none of the high one.
TEST(PhysicalMemoryExhaustion, OnlyAHigherZoneIsLeft) {
  constexpr RequestRow kRequests[] = {
      {"a frame", {}},
      {"a frame of dma", {.highest = ZoneKind::kDma}},
      {"a zeroed frame", {.highest = ZoneKind::kHigh, .contents = Contents::kZeroed}},
      {"three frames", {.pages = {3}}},
      {"a block", {.pages = {512}, .alignment = {512}}},
      {"an aligned frame", {.alignment = {4}}},
      {"below the high zone", {.last = {2 * kBlock - 1}, .highest = ZoneKind::kHigh}},
  };
  PhysicalMemory& memory = machine.Start(kRanges, kLimits);
  TakeAll(memory, ZoneKind::kNormal);
  EXPECT_EQ(memory.FreePages(), PageCount{kBlock});
  ExpectAllFail(memory, kRequests);
  EXPECT_TRUE(memory.Allocate({.pages = {512}, .last = kAnywhere, .highest = ZoneKind::kHigh}) ==
              FrameNumber{2 * kBlock});
}

// Each frame that is reserved between others splits a region of the map, which has no room at last.
TEST(PhysicalMemoryExhaustion, TheMapHasNoRoom) {
  PhysicalMemory& memory = machine.Start(kRanges, kLimits);
  FrameNumber frame{1};
  while (memory.Reserve(frame, PageCount{1}, MemoryState::kModule)) frame.value += 2;
  EXPECT_GT(frame.value, 20U);
  const Counts before = CountsOf(memory);
  for (const PageCount pages : {PageCount{1}, PageCount{100}}) {
    const auto reserved = memory.Reserve(frame, pages, MemoryState::kModule);
    ASSERT_FALSE(reserved.has_value()) << pages.value;
    EXPECT_EQ(reserved.error(), base::Error::kOutOfMemory) << pages.value;
    EXPECT_TRUE(CountsOf(memory) == before) << pages.value;
    EXPECT_TRUE(IsSound(memory)) << pages.value;
  }
  // What could not be reserved is still there for others.
  const auto run = memory.Allocate({.pages = {400}, .highest = ZoneKind::kDma});
  ASSERT_TRUE(run.has_value());
  EXPECT_LE(*run, frame);
  EXPECT_TRUE(memory.Free(*run, PageCount{400}).has_value());
  EXPECT_TRUE(IsSound(memory));
}

TEST(PhysicalMemoryExhaustion, RunsLongerThanABlock) {
  PhysicalMemory& memory = machine.Start(kRanges, kOneZone);
  const auto run = memory.AllocateOrder(kMaxOrder);
  ASSERT_TRUE(run == FrameNumber{0});
  const auto second = memory.AllocateOrder(kMaxOrder);
  EXPECT_TRUE(!second && second.error() == base::Error::kOutOfMemory);
  EXPECT_EQ(memory.FreePages(), PageCount{kBlock});
  EXPECT_TRUE(memory.FreeOrder(*run + PageCount{kBlock}, kMaxOrder) ==
              std::unexpected(FreeFault::kMisaligned));
  EXPECT_TRUE(memory.FreeOrder(*run, kMaxOrder).has_value());
  EXPECT_TRUE(memory.FreeOrder(*run, kMaxOrder) == std::unexpected(FreeFault::kDoubleFree));
  EXPECT_EQ(memory.FreePages(), PageCount{kFrames});
  EXPECT_TRUE(IsSound(memory));
}

// Frames come back one by one, in every order, and each a second time.
TEST(PhysicalMemoryExhaustion, FreesEachFrameOnce) {
  for (const uint64_t step : {uint64_t{1}, kFrames - 1, uint64_t{323}}) {
    PhysicalMemory& memory = machine.Start(kRanges, kOneZone);
    TakeAll(memory, ZoneKind::kNormal);
    for (uint64_t i = 0; i < kFrames; ++i) {
      const FrameNumber frame{i * step % kFrames};
      ASSERT_TRUE(memory.FreeFrame(frame).has_value()) << frame.value;
      ASSERT_TRUE(memory.FreeFrame(frame) == std::unexpected(FreeFault::kDoubleFree))
          << frame.value;
      if (i % 128 == 0) EXPECT_TRUE(IsSound(memory)) << frame.value;
    }
    memory.DrainThisCpu();
    EXPECT_EQ(memory.FreePages(), PageCount{kFrames}) << step;
    EXPECT_EQ(memory.late_faults(), 0U) << step;
    EXPECT_EQ(memory.Statistics(ZoneKind::kNormal).free_blocks[kMaxOrder], 1U) << step;
    EXPECT_TRUE(IsSound(memory)) << step;
  }
}

struct FaultRow {
  std::string_view name;
  FrameNumber frame;
  FreeFault fault;
};

// While this processor frees frames of the zone in few steps.
TEST(PhysicalMemoryExhaustion, NamesWrongFreesOfSingleFrames) {
  PhysicalMemory& memory = machine.Start(kRanges, kLimits);
  const FrameNumber run = *memory.Allocate({.pages = {5}});
  const FrameNumber row = *memory.Allocate({.pages = {64}, .alignment = {64}});
  const FrameNumber frame = *memory.AllocateFrame();
  const FaultRow rows[] = {
      {"the first of a run", run, FreeFault::kWrongLength},
      {"inside a run", run + PageCount{1}, FreeFault::kMisaligned},
      {"the last of a run", run + PageCount{4}, FreeFault::kMisaligned},
      {"the first of a whole row", row, FreeFault::kWrongLength},
      {"the last of a row", row + PageCount{63}, FreeFault::kMisaligned},
      {"freed before", frame, FreeFault::kDoubleFree},
      {"free", {2 * kBlock - 1}, FreeFault::kDoubleFree},
      {"beyond memory", {kFrames}, FreeFault::kOutOfRange},
      {"far beyond memory", {~uint64_t{0}}, FreeFault::kOutOfRange},
  };
  ASSERT_TRUE(memory.FreeFrame(frame).has_value());
  const Counts before = CountsOf(memory);
  for (const FaultRow& row_of_fault : rows) {
    EXPECT_TRUE(memory.FreeFrame(row_of_fault.frame) == std::unexpected(row_of_fault.fault))
        << row_of_fault.name;
    EXPECT_TRUE(CountsOf(memory) == before) << row_of_fault.name;
    EXPECT_TRUE(IsSound(memory)) << row_of_fault.name;
  }
  EXPECT_TRUE(memory.Free(run, PageCount{5}).has_value());
  EXPECT_TRUE(memory.Free(row, PageCount{64}).has_value());
  EXPECT_TRUE(IsSound(memory));
}

}  // namespace
}  // namespace mm
