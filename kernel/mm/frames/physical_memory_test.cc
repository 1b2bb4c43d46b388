#include "kernel/mm/frames/physical_memory.h"

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/physical_memory_test_machine.h"
#include "kernel/sync/cpu_count.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using enum FirmwareKind;

constexpr uint64_t kBlock = kBlockFrames;

// 4 blocks of dma, 4 of normal of which the last two are a hole, 2 of high that are half RAM.
constexpr FirmwareRange kRanges[] = {{{0x0}, 0x9'F000, kRam},
                                     {{0x9'F000}, 0x6'1000, kReserved},
                                     {{0x10'0000}, 0x70'0000, kRam},
                                     {{0x80'0000}, 0x40'0000, kRam},
                                     {{0x100'0000}, 0x20'0000, kRam}};
constexpr ZoneLimits kLimits{.normal_first = {4 * kBlock}, .high_first = {8 * kBlock}};
constexpr uint64_t kDma = 0x9F + 0x700;
constexpr uint64_t kUsable = kDma + 0x400 + 0x200;
constexpr uint64_t kFrames = 9 * kBlock;
constexpr FrameNumber kNormalFirst = kLimits.normal_first;
constexpr FrameNumber kHighFirst = kLimits.high_first;

constinit FakeMachine<10> machine{};

PhysicalMemory& Start() { return machine.Start(kRanges, kLimits); }

bool IsSound(PhysicalMemory& memory) { return memory.CheckInvariants().has_value(); }

TEST(PhysicalMemory, CountsZonesBeforeTouchingThem) {
  PhysicalMemory& memory = Start();
  const ZoneStatistics dma = memory.Statistics(ZoneKind::kDma);
  EXPECT_EQ(dma.usable, PageCount{kDma});
  EXPECT_EQ(dma.free, dma.usable);
  EXPECT_EQ(dma.unprepared, dma.usable);
  EXPECT_EQ(memory.Statistics(ZoneKind::kNormal).first, kNormalFirst);
  EXPECT_EQ(memory.Statistics(ZoneKind::kHigh).first, kHighFirst);
  // Counted in pages: an original split its zones by a count of bytes.
  EXPECT_EQ(memory.Statistics(ZoneKind::kNormal).usable, PageCount{0x400});
  EXPECT_EQ(memory.Statistics(ZoneKind::kHigh).usable, PageCount{0x200});
  EXPECT_EQ(memory.FreePages(), PageCount{kUsable});
  EXPECT_TRUE(IsSound(memory));
}

struct RunRow {
  std::string_view name;
  FrameRequest request;
  FrameNumber lowest;  // the run lies from here
  FrameNumber limit;   // to before here
};

constexpr FrameNumber kNoLimit{kFrames};

constexpr RunRow kRuns[] = {
    {"one frame, high", {.highest = ZoneKind::kHigh}, kHighFirst, kNoLimit},
    {"one frame", {}, kNormalFirst, kHighFirst},
    {"one frame, dma", {.highest = ZoneKind::kDma}, {0}, kNormalFirst},
    {"two frames", {.pages = {2}, .alignment = {2}}, kNormalFirst, kHighFirst},
    {"three frames", {.pages = {3}}, kNormalFirst, kHighFirst},
    {"three frames, aligned", {.pages = {3}, .alignment = {256}}, kNormalFirst, kHighFirst},
    {"63 frames", {.pages = {63}}, kNormalFirst, kHighFirst},
    {"65 frames", {.pages = {65}}, kNormalFirst, kHighFirst},
    {"511 frames", {.pages = {511}}, kNormalFirst, kHighFirst},
    {"a block", {.pages = {512}, .alignment = {512}}, kNormalFirst, kHighFirst},
    {"a block of high", {.pages = {512}, .highest = ZoneKind::kHigh}, kHighFirst, kNoLimit},
    {"more than high has", {.pages = {513}, .highest = ZoneKind::kHigh}, kNormalFirst, kHighFirst},
    {"order 10", {.pages = {1024}, .alignment = {1024}}, kNormalFirst, kHighFirst},
    {"1000 frames", {.pages = {1000}}, kNormalFirst, kHighFirst},
    {"more than normal has", {.pages = {1025}}, {0x100}, kNormalFirst},
    {"all above the hole of dma", {.pages = {0x700}}, {0x100}, kNormalFirst},
    {"below a frame", {.pages = {8}, .last = {0x8E}}, {0}, {0x8F}},
    {"the last one below a frame", {.last = {0}}, {0}, {1}},
    {"across a block's end below a frame", {.pages = {0x600}, .last = {0x6FF}}, {0x100}, {0x700}},
};

TEST(PhysicalMemory, AllocatesRuns) {
  for (const RunRow& row : kRuns) {
    PhysicalMemory& memory = Start();
    const PageCount pages = row.request.pages;
    const auto run = memory.Allocate(row.request);
    ASSERT_TRUE(run.has_value()) << row.name;
    EXPECT_EQ(run->value % row.request.alignment.value, 0u) << row.name;
    EXPECT_GE(*run, row.lowest) << row.name;
    EXPECT_LE(*run + pages, row.limit) << row.name;
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable} - pages) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
    EXPECT_TRUE(memory.Free(*run, pages).has_value()) << row.name;
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable}) << row.name;
    memory.DrainThisCpu();
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable}) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
  }
}

struct RefusedRow {
  std::string_view name;
  FrameRequest request;
  base::Error error;
};

constexpr RefusedRow kRefusedRequests[] = {
    {"no pages", {.pages = {0}}, base::Error::kInvalidArgument},
    {"no alignment", {.alignment = {0}}, base::Error::kInvalidArgument},
    {"odd alignment", {.pages = {3}, .alignment = {3}}, base::Error::kInvalidArgument},
    {"more than there is", {.pages = {0x701}}, base::Error::kOutOfMemory},
    {"as many as numbers go", {.pages = {~uint64_t{0}}}, base::Error::kOutOfMemory},
    {"alignment beyond memory",
     {.alignment = {uint64_t{1} << 40}, .last = {0x8000}},
     base::Error::kOutOfMemory},
    {"largest alignment",
     {.pages = {2}, .alignment = {uint64_t{1} << 63}},
     base::Error::kOutOfMemory},
    {"below a frame, too long", {.pages = {0x100}, .last = {0xFE}}, base::Error::kOutOfMemory},
};

TEST(PhysicalMemory, SplitsRuns) {
  for (const uint64_t pages : {1, 2, 63, 64, 65, 256, 511}) {
    PhysicalMemory& memory = Start();
    const auto first = memory.Allocate({.pages = {pages}, .alignment = {512}});
    ASSERT_TRUE(first.has_value());
    memory.Split(*first, {pages});
    EXPECT_TRUE(IsSound(memory));
    for (uint64_t i = 0; i < pages; ++i) {
      EXPECT_TRUE(memory.FreeFrame(*first + PageCount{i}).has_value());
    }
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable});
    EXPECT_TRUE(IsSound(memory));
  }
}

TEST(PhysicalMemory, RefusesRequests) {
  for (const RefusedRow& row : kRefusedRequests) {
    PhysicalMemory& memory = Start();
    ASSERT_TRUE(memory.AllocateFrame(ZoneKind::kDma) == FrameNumber{0}) << row.name;
    const auto run = memory.Allocate(row.request);
    ASSERT_FALSE(run.has_value()) << row.name;
    EXPECT_EQ(run.error(), row.error) << row.name;
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable - 1}) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
  }
}

constinit std::array<bool, kFrames> taken{};

// Also the last fragment of each zone: an original could not use it.
TEST(PhysicalMemory, GivesEveryFrameOnceAndTakesItBack) {
  PhysicalMemory& memory = Start();
  taken.fill(false);
  for (uint64_t i = 0; i < kUsable; ++i) {
    const auto frame = memory.AllocateFrame(ZoneKind::kHigh);
    ASSERT_TRUE(frame.has_value()) << i;
    ASSERT_FALSE(taken[frame->value]) << frame->value;
    taken[frame->value] = true;
    const MemoryRegion* const region = machine.map().FindRegion(*frame);
    ASSERT_TRUE(region != nullptr && region->state == MemoryState::kUsable) << frame->value;
  }
  EXPECT_EQ(memory.FreePages(), PageCount{0});
  const auto beyond = memory.AllocateFrame(ZoneKind::kHigh);
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error(), base::Error::kOutOfMemory);
  EXPECT_TRUE(IsSound(memory));
  for (uint64_t frame = 0; frame < kFrames; ++frame) {
    if (taken[frame]) ASSERT_TRUE(memory.Free({frame}, PageCount{1}).has_value()) << frame;
  }
  memory.DrainThisCpu();
  EXPECT_TRUE(IsSound(memory));
  // All merged.
  EXPECT_EQ(memory.Statistics(ZoneKind::kDma).free_blocks[kBlockOrder], 1u);
  EXPECT_EQ(memory.Statistics(ZoneKind::kDma).free_blocks[kMaxOrder], 1u);
  EXPECT_EQ(memory.Statistics(ZoneKind::kNormal).free_blocks[kMaxOrder], 1u);
  EXPECT_EQ(memory.Statistics(ZoneKind::kHigh).free_blocks[kBlockOrder], 1u);
}

// Wherever all memory is, it is found from each zone above, and from no zone below.
TEST(PhysicalMemory, SkipsZonesWithoutMemory) {
  constexpr FirmwareRange kOneBlock[] = {{{0x20'0000}, 0x20'0000, kRam}};
  struct Row {
    std::string_view name;
    ZoneLimits limits;
    ZoneKind kind;
  };
  constexpr Row kRows[] = {
      {"all is dma", {{8 * kBlock}, {8 * kBlock}}, ZoneKind::kDma},
      {"all is normal", {{0}, {8 * kBlock}}, ZoneKind::kNormal},
      {"all is high", {{0}, {kBlock}}, ZoneKind::kHigh},
  };
  for (const Row& row : kRows) {
    for (const ZoneKind highest : {ZoneKind::kDma, ZoneKind::kNormal, ZoneKind::kHigh}) {
      PhysicalMemory& memory = machine.Start(kOneBlock, row.limits);
      for (uint64_t i = 0; i <= kBlock; ++i) {
        const auto frame = memory.AllocateFrame(highest);
        const bool has_one = highest >= row.kind && i < kBlock;
        ASSERT_EQ(frame.has_value(), has_one) << row.name << " " << i;
        EXPECT_TRUE(has_one || frame.error() == base::Error::kOutOfMemory) << row.name;
      }
      EXPECT_TRUE(IsSound(memory)) << row.name;
    }
  }
}

// What a processor keeps is no obstacle to a run that needs it.
TEST(PhysicalMemory, FreedFramesMakeUpRunsAgain) {
  constexpr FirmwareRange kOneBlock[] = {{{0x20'0000}, 0x20'0000, kRam}};
  for (const PageCount pages : {PageCount{512}, PageCount{511}}) {
    PhysicalMemory& memory = machine.Start(kOneBlock, {{0}, {8 * kBlock}});
    for (uint64_t frame = kBlock; frame < 2 * kBlock; ++frame) {
      ASSERT_TRUE(memory.AllocateFrame() == FrameNumber{frame});
    }
    for (uint64_t frame = kBlock; frame < 2 * kBlock; ++frame) {
      ASSERT_TRUE(memory.Free({frame}, PageCount{1}).has_value());
    }
    EXPECT_TRUE(memory.Allocate({.pages = pages}) == FrameNumber{kBlock});
    EXPECT_TRUE(IsSound(memory));
  }
}

// Two halves of neighbouring blocks are one run, which no aligned run is part of.
TEST(PhysicalMemory, FindsRunsAcrossBlocks) {
  PhysicalMemory& memory = Start();
  ASSERT_TRUE(memory.Allocate({.pages = {400}}) == kNormalFirst);
  ASSERT_TRUE(memory.Allocate({.pages = {64}}) == kNormalFirst + PageCount{448});
  const auto rest = memory.Allocate({.pages = {512}});
  ASSERT_TRUE(rest == kNormalFirst + PageCount{512});
  ASSERT_TRUE(memory.Free(kNormalFirst + PageCount{448}, PageCount{64}).has_value());
  ASSERT_TRUE(memory.Free(*rest, PageCount{512}).has_value());
  memory.DrainThisCpu();
  const auto long_run = memory.Allocate({.pages = {600}});
  ASSERT_TRUE(long_run == kNormalFirst + PageCount{400});
  EXPECT_TRUE(IsSound(memory));
  EXPECT_TRUE(memory.Free(*long_run, PageCount{599}) == std::unexpected(FreeFault::kWrongLength));
  EXPECT_TRUE(memory.Free(*long_run, PageCount{600}).has_value());
  EXPECT_TRUE(IsSound(memory));
}

TEST(PhysicalMemory, PreparesOnlyWhatItNeeds) {
  PhysicalMemory& memory = Start();
  const auto frame = memory.AllocateFrame(ZoneKind::kDma);
  ASSERT_TRUE(frame.has_value());
  EXPECT_EQ(memory.Statistics(ZoneKind::kDma).unprepared, PageCount{kDma - 0x9F - 0x100});
  EXPECT_EQ(memory.Statistics(ZoneKind::kNormal).unprepared, PageCount{0x400});
  // So are descriptors.
  EXPECT_EQ(machine.table().Of(*frame).owner(), 0u);
  EXPECT_EQ(machine.table().Of(FrameNumber{kBlock}).owner(), 0xDEADu);
}

// The run under test: 5 frames from the normal zone, the first of a fresh block.
struct FreeRow {
  std::string_view name;
  FrameNumber first;
  PageCount pages;
  FreeFault fault;
};

constexpr FrameNumber kRun = kNormalFirst;

constexpr FreeRow kRefused[] = {
    {"inside the run", {kRun.value + 1}, {1}, FreeFault::kMisaligned},
    {"the run's last frame", {kRun.value + 4}, {1}, FreeFault::kMisaligned},
    {"its end and more", {kRun.value + 4}, {4}, FreeFault::kMisaligned},
    {"too short", kRun, {4}, FreeFault::kWrongLength},
    {"much too short", kRun, {1}, FreeFault::kWrongLength},
    {"too long", kRun, {6}, FreeFault::kWrongLength},
    {"as long as a block", kRun, {512}, FreeFault::kWrongLength},
    {"longer than memory", kRun, {~uint64_t{0}}, FreeFault::kWrongLength},
    {"empty", kRun, {0}, FreeFault::kWrongLength},
    {"after the run", {kRun.value + 5}, {1}, FreeFault::kDoubleFree},
    {"free and aligned", {kRun.value + 8}, {8}, FreeFault::kDoubleFree},
    {"last frame of a row", {kRun.value + 63}, {1}, FreeFault::kDoubleFree},
    {"last frame of a block", {kRun.value + 511}, {1}, FreeFault::kDoubleFree},
    {"not prepared yet", {0x10}, {1}, FreeFault::kDoubleFree},
    {"reserved, not prepared yet", {0x9F}, {1}, FreeFault::kReserved},
    {"a hole, not prepared", {6 * kBlock}, {1}, FreeFault::kReserved},
    {"just beyond", {kFrames}, {1}, FreeFault::kOutOfRange},
    {"far beyond", {0xF'FFFF'FFFF'FFFF}, {1}, FreeFault::kOutOfRange},
};

TEST(PhysicalMemory, NamesWrongFrees) {
  for (const FreeRow& row : kRefused) {
    PhysicalMemory& memory = Start();
    ASSERT_TRUE(memory.Allocate({.pages = {5}}) == kRun) << row.name;
    const auto freed = memory.Free(row.first, row.pages);
    ASSERT_FALSE(freed.has_value()) << row.name;
    EXPECT_EQ(freed.error(), row.fault) << row.name << ": " << FreeFaultName(freed.error());
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable - 5}) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
    EXPECT_TRUE(memory.Free(kRun, PageCount{5}).has_value()) << row.name;
  }
}

// A run of every order: freed twice, from inside, and with the lengths next to its own, while its
// processor keeps it and after it gave it back.
TEST(PhysicalMemory, NamesWrongFreesOfEveryOrder) {
  for (unsigned order = 0; order <= kMaxOrder; ++order) {
    PhysicalMemory& memory = Start();
    const PageCount pages{uint64_t{1} << order};
    const FrameNumber run = *memory.Allocate({.pages = pages, .alignment = pages});
    const auto longer = memory.Free(run, PageCount{2 * pages.value});
    EXPECT_TRUE(longer == std::unexpected(FreeFault::kWrongLength)) << order;
    if (order > 0) {
      const auto half = memory.Free(run, PageCount{pages.value / 2});
      EXPECT_TRUE(half == std::unexpected(FreeFault::kWrongLength)) << order;
      const auto second = memory.Free(run + PageCount{pages.value / 2}, PageCount{pages.value / 2});
      EXPECT_TRUE(second == std::unexpected(FreeFault::kMisaligned)) << order;
    }
    EXPECT_TRUE(memory.Free(run, pages).has_value()) << order;
    EXPECT_TRUE(memory.Free(run, pages) == std::unexpected(FreeFault::kDoubleFree)) << order;
    memory.DrainThisCpu();
    EXPECT_TRUE(memory.Free(run, pages) == std::unexpected(FreeFault::kDoubleFree)) << order;
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable}) << order;
    EXPECT_TRUE(IsSound(memory)) << order;
  }
}

TEST(PhysicalMemory, NamesAFreeOfAReservedFrameInAPreparedBlock) {
  PhysicalMemory& memory = Start();
  while (memory.AllocateFrame().has_value()) {
  }
  for (const uint64_t frame : {uint64_t{0x9F}, uint64_t{0xFF}, 6 * kBlock, 8 * kBlock - 1}) {
    const auto freed = memory.Free({frame}, PageCount{1});
    EXPECT_TRUE(freed == std::unexpected(FreeFault::kReserved)) << frame;
  }
  // The frames at the edges of what is reserved are like others.
  EXPECT_TRUE(memory.Free({0x9E}, PageCount{1}).has_value());
  EXPECT_TRUE(memory.Free({0x100}, PageCount{1}).has_value());
  EXPECT_TRUE(IsSound(memory));
}

// The blocks skipped on the way to a zone's later memory.
TEST(PhysicalMemory, NamesAFreeInASkippedHole) {
  constexpr FirmwareRange kHoled[] = {{{0x0}, 0x40'0000, kRam}, {{0x80'0000}, 0x40'0000, kRam}};
  PhysicalMemory& memory = machine.Start(kHoled, {{0}, {8 * kBlock}});
  ASSERT_TRUE(memory.Allocate({.pages = {1024}}) == FrameNumber{0});
  ASSERT_TRUE(memory.Allocate({.pages = {1024}}) == FrameNumber{4 * kBlock});
  for (const uint64_t frame : {2 * kBlock, 2 * kBlock + 1, 4 * kBlock - 1}) {
    const auto freed = memory.Free({frame}, PageCount{1});
    EXPECT_TRUE(freed == std::unexpected(FreeFault::kReserved)) << frame;
  }
  EXPECT_TRUE(IsSound(memory));
}

// Frames come from the block with the fewest free ones, so that others drain.
TEST(PhysicalMemory, FillsTheFullestBlockFirst) {
  PhysicalMemory& memory = Start();
  static constinit std::array<FrameNumber, 0x400> frames{};
  for (FrameNumber& frame : frames) frame = *memory.AllocateFrame();
  // 300 frames free in the first block, 200 in the second.
  for (uint64_t i = 0; i < 300; ++i) {
    ASSERT_TRUE(memory.Free(kNormalFirst + PageCount{i}, PageCount{1}).has_value());
  }
  for (uint64_t i = 0; i < 200; ++i) {
    ASSERT_TRUE(memory.Free(kNormalFirst + PageCount{kBlock + i}, PageCount{1}).has_value());
  }
  memory.DrainThisCpu();
  for (int i = 0; i < 200; ++i)
    EXPECT_GE(*memory.AllocateFrame(), kNormalFirst + PageCount{kBlock});
  EXPECT_LT(*memory.AllocateFrame(), kNormalFirst + PageCount{kBlock});
}

TEST(PhysicalMemory, PlansOnlyWhatItCanDescribe) {
  Start();
  const MemoryMap& map = machine.map();
  const auto unaligned = FramePlan::For(map, {{kBlock + 1}, {4 * kBlock}});
  EXPECT_TRUE(!unaligned && unaligned.error() == base::Error::kNotAligned);
  const auto crossed = FramePlan::For(map, {{4 * kBlock}, {2 * kBlock}});
  EXPECT_TRUE(!crossed && crossed.error() == base::Error::kInvalidArgument);
  std::array<MemoryRegion, 4> storage;
  constexpr uint64_t kMost = uint64_t{16} << 40;
  constexpr FirmwareRange kHuge[] = {{{0x0}, kMost + kPageSize, kRam}};
  const auto huge = MemoryMap::FromFirmware(kHuge, storage, PageCount{0});
  const auto too_large = FramePlan::For(*huge, kLimits);
  EXPECT_TRUE(!too_large && too_large.error() == base::Error::kOutOfRange);
  // All blocks but the last one, also where a block fewer is there.
  for (const uint64_t bytes : {kMost, kMost - kPageSize, kMost - kBlockFrames * kPageSize}) {
    const FirmwareRange ram[] = {{{0x0}, bytes, kRam}};
    const auto large = MemoryMap::FromFirmware(ram, storage, PageCount{0});
    const auto plan = FramePlan::For(*large, kLimits);
    ASSERT_TRUE(plan.has_value()) << bytes;
    EXPECT_EQ(plan->pages(), PagesIn(kMost) - PageCount{kBlockFrames}) << bytes;
    EXPECT_EQ(plan->zone_blocks[kZoneCount], plan->blocks) << bytes;
  }
}

// The descriptor, the allocator's words, and what the processors keep.
TEST(PhysicalMemory, SpendsAtMost16BytesAFrame) {
  constexpr PageCount kMachines[] = {PagesIn(uint64_t{128} << 20), PagesIn(uint64_t{1} << 30),
                                     PagesIn(uint64_t{16} << 40)};
  for (const PageCount pages : kMachines) {
    std::array<MemoryRegion, 4> storage;
    const FirmwareRange ram[] = {{{0x0}, pages.bytes(), kRam}};
    const auto map = MemoryMap::FromFirmware(ram, storage, PageCount{0});
    const auto plan = FramePlan::For(*map, kLimits);
    ASSERT_TRUE(plan.has_value()) << pages.value;
    const uint64_t bytes = plan->pages().value * sizeof(FrameDescriptor) +
                           plan->storage_words() * sizeof(uint64_t) +
                           locking::kMaxCpus * sizeof(FrameCpu);
    EXPECT_LE(bytes, pages.value * 16) << pages.value;
  }
}

// The memory map stays the live list of what lies where.
TEST(PhysicalMemory, ReservesFreeFramesForGood) {
  struct Row {
    std::string_view name;
    FrameNumber first;
    PageCount pages;
  };
  constexpr Row kRows[] = {
      {"one frame", {0x20}, {1}},           {"the end of a row and the next", {0x13F}, {2}},
      {"across blocks", {0x1F0}, {0x220}},  {"a block", {4 * kBlock}, {512}},
      {"two blocks", {4 * kBlock}, {1024}},
  };
  for (const Row& row : kRows) {
    PhysicalMemory& memory = Start();
    ASSERT_TRUE(memory.AllocateFrame(ZoneKind::kDma) == FrameNumber{0}) << row.name;
    ASSERT_TRUE(memory.Reserve(row.first, row.pages, MemoryState::kModule).has_value()) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable - 1} - row.pages) << row.name;
    const MemoryRegion* const region = machine.map().FindRegion(row.first);
    ASSERT_TRUE(region != nullptr) << row.name;
    EXPECT_TRUE(*region == (MemoryRegion{row.first, row.pages, MemoryState::kModule})) << row.name;
    const auto freed = memory.Free(row.first, row.pages);
    EXPECT_TRUE(freed == std::unexpected(FreeFault::kReserved)) << row.name;
    const auto again = memory.Reserve(row.first, row.pages, MemoryState::kModule);
    EXPECT_TRUE(!again && again.error() == base::Error::kOverlap) << row.name;
    while (const auto frame = memory.AllocateFrame(ZoneKind::kHigh)) {
      ASSERT_TRUE(*frame < row.first || *frame >= row.first + row.pages) << row.name;
    }
    EXPECT_TRUE(IsSound(memory)) << row.name;
  }
}

TEST(PhysicalMemory, RefusesToReserve) {
  struct Row {
    std::string_view name;
    FrameNumber first;
    PageCount pages;
    base::Error error;
  };
  constexpr Row kRows[] = {
      {"no pages", {0x20}, {0}, base::Error::kInvalidArgument},
      {"across zones", {4 * kBlock - 1}, {2}, base::Error::kInvalidArgument},
      {"beyond memory", {9 * kBlock - 1}, {2}, base::Error::kInvalidArgument},
      {"far beyond memory", {~uint64_t{0}}, {2}, base::Error::kInvalidArgument},
      {"an allocated frame", {0}, {2}, base::Error::kOverlap},
      {"a reserved frame", {0x9E}, {2}, base::Error::kOverlap},
  };
  for (const Row& row : kRows) {
    PhysicalMemory& memory = Start();
    ASSERT_TRUE(memory.AllocateFrame(ZoneKind::kDma) == FrameNumber{0}) << row.name;
    const auto reserved = memory.Reserve(row.first, row.pages, MemoryState::kModule);
    ASSERT_FALSE(reserved.has_value()) << row.name;
    EXPECT_EQ(reserved.error(), row.error) << row.name;
    EXPECT_EQ(memory.FreePages(), PageCount{kUsable - 1}) << row.name;
    EXPECT_TRUE(IsSound(memory)) << row.name;
  }
}

TEST(FrameTable, CountsOwners) {
  PhysicalMemory& memory = Start();
  const FrameTable& table = memory.table();
  const FrameNumber frame = *memory.AllocateFrame();
  EXPECT_FALSE(table.IsShared(frame));
  ASSERT_TRUE(table.AddReference(frame).has_value());
  ASSERT_TRUE(table.AddReference(frame).has_value());
  EXPECT_TRUE(table.IsShared(frame));
  EXPECT_FALSE(table.DropReference(frame));
  EXPECT_FALSE(table.DropReference(frame));
  EXPECT_FALSE(table.IsShared(frame));
  EXPECT_TRUE(table.DropReference(frame));
  constexpr std::array<uint32_t, 3> kNearlyAll = {0, 0, FrameDescriptor::kMostReferences - 1};
  table.Of(frame) = std::bit_cast<FrameDescriptor>(kNearlyAll);
  EXPECT_TRUE(table.AddReference(frame).has_value());
  const auto one_too_many = table.AddReference(frame);
  EXPECT_TRUE(!one_too_many && one_too_many.error() == base::Error::kOutOfRange);
  EXPECT_TRUE(table.IsShared(frame));
  EXPECT_FALSE(table.DropReference(frame));
  table.Of(frame) = {};
}

// The owner's word keeps all its bits, and beside it a mark is no count.
TEST(FrameTable, KeepsAnOwnerAndAMark) {
  PhysicalMemory& memory = Start();
  const FrameTable& table = memory.table();
  const FrameNumber frame = *memory.Allocate({.pages = {3}}) + PageCount{1};
  FrameDescriptor& descriptor = table.Of(frame);
  for (const uint64_t owner : {uint64_t{0}, ~uint64_t{0}, uint64_t{0x0123'4567'89AB'CDEF}}) {
    for (const uint32_t mark : {FrameDescriptor::kMarked, ~uint32_t{0}}) {
      descriptor.SetOwner(owner);
      descriptor.SetMark(mark);
      EXPECT_EQ(descriptor.owner(), owner);
      EXPECT_EQ(descriptor.mark(), mark);
      EXPECT_FALSE(table.IsShared(frame));
      descriptor.ClearMark();
      EXPECT_LT(descriptor.mark(), FrameDescriptor::kMarked);
      EXPECT_EQ(descriptor.owner(), owner);
    }
  }
  for (const FrameNumber beside : {FrameNumber{frame.value - 1}, frame + PageCount{1}}) {
    EXPECT_EQ(table.Of(beside).owner(), 0u);
    EXPECT_EQ(table.Of(beside).mark(), 0u);
  }
}

TEST(FrameTable, KnowsTheDirectMap) {
  alignas(kPageSize) static constinit std::array<std::byte, 2 * kPageSize> pages{};
  static constinit std::array<FrameDescriptor, 8> descriptors{};
  const FrameTable table(descriptors, {0x100}, {{0x102}, {2}, pages.data()});
  EXPECT_FALSE(table.HasPointer({0x101}));
  EXPECT_TRUE(table.HasPointer({0x103}));
  EXPECT_FALSE(table.HasPointer({0x104}));
  EXPECT_TRUE(table.Pointer({0x103}) == &pages[kPageSize]);
  const std::byte* const inside = &pages[kPageSize + 7];
  EXPECT_EQ(table.FrameOf(inside), FrameNumber{0x103});
  EXPECT_TRUE(&table.direct_map().Of(inside) == &descriptors[3]);
  EXPECT_TRUE(&table.Of(FrameNumber{0x103}) == &descriptors[3]);
  EXPECT_LT(table.direct_map().IndexOf(inside), table.direct_map().pages());
  EXPECT_GE(table.direct_map().IndexOf(&descriptors), table.direct_map().pages());
}

}  // namespace
}  // namespace mm
