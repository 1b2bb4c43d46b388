#include "kernel/mm/frame_allocator.h"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/mm/memory_map.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using enum FirmwareKind;

constexpr uint64_t kBlock = FrameAllocator::kMaxRun.value;

// 2 blocks of dma, 2 of normal whose second is a hole, 1 of high that is only half RAM.
constexpr FirmwareRange kMachine[] = {{{0x0}, 0x9'F000, kRam},
                                      {{0x9'F000}, 0x6'1000, kReserved},
                                      {{0x10'0000}, 0x70'0000, kRam},
                                      {{0x80'0000}, 0x40'0000, kRam},
                                      {{0x100'0000}, 0x20'0000, kRam}};
constexpr ZoneLimits kLimits{.normal_first = {2 * kBlock}, .high_first = {4 * kBlock}};
constexpr uint64_t kUsable = 0x9F + 0x700 + 0x400 + 0x200;
constexpr uint64_t kDescriptors = 5 * kBlock;

// Too large for a kernel stack; filled with a pattern, since the allocator must not rely on zeroes.
std::array<FrameDescriptor, kDescriptors> g_descriptors;

class Machine {
 public:
  Machine() : map_(*MemoryMap::FromFirmware(kMachine, storage_, PageCount{0})) {
    for (FrameDescriptor& frame : g_descriptors) {
      frame = {0xDEAD, 0xBEEF, 0x5555, FrameState::kFree, 3};
    }
    allocator_.emplace(*FrameAllocator::Create(map_, kLimits, g_descriptors));
  }

  FrameAllocator& allocator() { return *allocator_; }
  MemoryMap& map() { return map_; }

 private:
  std::array<MemoryRegion, 16> storage_;
  MemoryMap map_;
  std::optional<FrameAllocator> allocator_;
};

TEST(FrameAllocator, CountsDescriptors) {
  Machine machine;
  EXPECT_EQ(FrameAllocator::DescriptorsFor(machine.map()), kDescriptors);
}

TEST(FrameAllocator, CountsZonesBeforeTouchingThem) {
  Machine machine;
  const ZoneStatistics dma = machine.allocator().Statistics(ZoneKind::kDma);
  EXPECT_EQ(dma.usable, PageCount{0x9F + 0x700});
  EXPECT_EQ(dma.free, dma.usable);
  EXPECT_EQ(dma.unprepared, dma.usable);
  EXPECT_EQ(machine.allocator().Statistics(ZoneKind::kNormal).usable, PageCount{0x400});
  EXPECT_EQ(machine.allocator().Statistics(ZoneKind::kHigh).usable, PageCount{0x200});
  EXPECT_EQ(machine.allocator().FreePages(), PageCount{kUsable});
  EXPECT_TRUE(machine.allocator().CheckInvariants().has_value());
}

struct RunRow {
  std::string_view name;
  PageCount pages;
  ZoneKind highest;
  uint64_t alignment;  // in frames
  FrameNumber lowest;
  FrameNumber limit;
};

constexpr FrameNumber kNormalFirst = kLimits.normal_first;
constexpr FrameNumber kHighFirst = kLimits.high_first;
constexpr FrameNumber kAllLimit{kDescriptors};

constexpr RunRow kRuns[] = {
    {"one frame, high", {1}, ZoneKind::kHigh, 1, kHighFirst, kAllLimit},
    {"one frame, normal", {1}, ZoneKind::kNormal, 1, kNormalFirst, kHighFirst},
    {"one frame, dma", {1}, ZoneKind::kDma, 1, {0}, kNormalFirst},
    {"three frames", {3}, ZoneKind::kNormal, 4, kNormalFirst, kHighFirst},
    {"half a block", {512}, ZoneKind::kHigh, 512, kHighFirst, kAllLimit},
    {"more than high has", {513}, ZoneKind::kHigh, 1024, kNormalFirst, kHighFirst},
    {"a whole block", {1024}, ZoneKind::kNormal, 1024, kNormalFirst, kHighFirst},
    {"a whole block of dma", {1024}, ZoneKind::kDma, 1024, {kBlock}, kNormalFirst},
};

TEST(FrameAllocator, AllocatesRuns) {
  for (const RunRow& row : kRuns) {
    Machine machine;
    const auto run = machine.allocator().Allocate(row.pages, row.highest);
    ASSERT_TRUE(run.has_value()) << row.name;
    EXPECT_EQ(run->value % row.alignment, 0u) << row.name;
    EXPECT_GE(*run, row.lowest) << row.name;
    EXPECT_LE(*run + row.pages, row.limit) << row.name;
    EXPECT_EQ(machine.allocator().FreePages(), PageCount{kUsable} - row.pages) << row.name;
    EXPECT_TRUE(machine.allocator().CheckInvariants().has_value()) << row.name;
    EXPECT_TRUE(machine.allocator().Free(*run, row.pages).has_value()) << row.name;
    EXPECT_EQ(machine.allocator().FreePages(), PageCount{kUsable}) << row.name;
    EXPECT_TRUE(machine.allocator().CheckInvariants().has_value()) << row.name;
  }
}

TEST(FrameAllocator, RefusesOtherLengths) {
  Machine machine;
  for (const PageCount pages : {PageCount{0}, PageCount{1025}}) {
    const auto run = machine.allocator().Allocate(pages, ZoneKind::kHigh);
    ASSERT_FALSE(run.has_value());
    EXPECT_EQ(run.error(), base::Error::kInvalidArgument);
  }
}

TEST(FrameAllocator, GivesEveryFrameOnceAndTakesItBack) {
  Machine machine;
  static std::array<bool, kDescriptors> taken;
  taken.fill(false);
  for (uint64_t i = 0; i < kUsable; ++i) {
    const auto frame = machine.allocator().Allocate(PageCount{1}, ZoneKind::kHigh);
    ASSERT_TRUE(frame.has_value()) << i;
    ASSERT_FALSE(taken[frame->value]) << frame->value;
    taken[frame->value] = true;
    const MemoryRegion* const region = machine.map().FindRegion(*frame);
    ASSERT_TRUE(region != nullptr && region->state == MemoryState::kUsable) << frame->value;
  }
  const auto beyond = machine.allocator().Allocate(PageCount{1}, ZoneKind::kHigh);
  ASSERT_FALSE(beyond.has_value());
  EXPECT_EQ(beyond.error(), base::Error::kOutOfMemory);
  EXPECT_EQ(machine.allocator().FreePages(), PageCount{0});
  EXPECT_TRUE(machine.allocator().CheckInvariants().has_value());
  for (uint64_t frame = 0; frame < kDescriptors; ++frame) {
    if (!taken[frame]) continue;
    ASSERT_TRUE(machine.allocator().Free({frame}, PageCount{1}).has_value()) << frame;
  }
  EXPECT_TRUE(machine.allocator().CheckInvariants().has_value());
  // All merged: the three whole blocks are there again.
  EXPECT_EQ(machine.allocator().Statistics(ZoneKind::kDma).free_blocks[kMaxOrder], 1u);
  EXPECT_EQ(machine.allocator().Statistics(ZoneKind::kNormal).free_blocks[kMaxOrder], 1u);
  EXPECT_EQ(machine.allocator().Statistics(ZoneKind::kHigh).free_blocks[kMaxOrder - 1], 1u);
}

TEST(FrameAllocator, PreparesOnlyWhatItNeeds) {
  Machine machine;
  ASSERT_TRUE(machine.allocator().Allocate(PageCount{1}, ZoneKind::kDma).has_value());
  const ZoneStatistics dma = machine.allocator().Statistics(ZoneKind::kDma);
  EXPECT_EQ(dma.unprepared, PageCount{kBlock});
  EXPECT_EQ(machine.allocator().Statistics(ZoneKind::kNormal).unprepared, PageCount{0x400});
}

// The run under test: 5 frames from the normal zone, the first of a fresh block.
struct FreeRow {
  std::string_view name;
  FrameNumber first;
  PageCount pages;
  FreeFault fault;
};

constexpr FrameNumber kRun{2 * kBlock};

constexpr FreeRow kRefused[] = {
    {"inside the run", {kRun.value + 1}, {1}, FreeFault::kMisaligned},
    {"the run's last frame", {kRun.value + 4}, {1}, FreeFault::kMisaligned},
    {"too short", kRun, {4}, FreeFault::kWrongLength},
    {"too long", kRun, {6}, FreeFault::kWrongLength},
    {"empty", kRun, {0}, FreeFault::kWrongLength},
    {"after the run", {kRun.value + 5}, {1}, FreeFault::kDoubleFree},
    {"start of a free block", {kRun.value + 8}, {8}, FreeFault::kDoubleFree},
    {"inside a free block", {kRun.value + 9}, {1}, FreeFault::kDoubleFree},
    {"not prepared yet", {0x10}, {1}, FreeFault::kDoubleFree},
    {"reserved, not prepared yet", {0x9F}, {1}, FreeFault::kReserved},
    {"a hole, not prepared", {3 * kBlock}, {1}, FreeFault::kReserved},
    {"half block of a hole", {4 * kBlock + 0x200}, {1}, FreeFault::kReserved},
    {"just beyond", {kDescriptors}, {1}, FreeFault::kOutOfRange},
    {"far beyond", {0xF'FFFF'FFFF'FFFF}, {1}, FreeFault::kOutOfRange},
};

TEST(FrameAllocator, RefusesWrongFrees) {
  for (const FreeRow& row : kRefused) {
    Machine machine;
    const auto run = machine.allocator().Allocate(PageCount{5}, ZoneKind::kNormal);
    ASSERT_TRUE(run == kRun) << row.name;
    const auto freed = machine.allocator().Free(row.first, row.pages);
    ASSERT_FALSE(freed.has_value()) << row.name;
    EXPECT_EQ(freed.error(), row.fault) << row.name << ": " << FreeFaultName(freed.error());
    EXPECT_EQ(machine.allocator().FreePages(), PageCount{kUsable - 5}) << row.name;
    EXPECT_TRUE(machine.allocator().CheckInvariants().has_value()) << row.name;
  }
}

TEST(FrameAllocator, CatchesADoubleFreeAfterMerging) {
  Machine machine;
  const auto run = machine.allocator().Allocate(PageCount{2}, ZoneKind::kNormal);
  ASSERT_TRUE(run.has_value());
  ASSERT_TRUE(machine.allocator().Free(*run, PageCount{2}).has_value());
  for (const FrameNumber frame : {*run, *run + PageCount{1}}) {
    const auto again = machine.allocator().Free(frame, PageCount{1});
    ASSERT_FALSE(again.has_value());
    EXPECT_EQ(again.error(), FreeFault::kDoubleFree);
  }
  EXPECT_TRUE(machine.allocator().CheckInvariants().has_value());
}

TEST(FrameAllocator, CatchesAFreeOfAReservedFrameInAPreparedBlock) {
  Machine machine;
  while (machine.allocator().Allocate(PageCount{1}, ZoneKind::kDma).has_value()) {
  }
  const auto freed = machine.allocator().Free({0x9F}, PageCount{1});
  ASSERT_FALSE(freed.has_value());
  EXPECT_EQ(freed.error(), FreeFault::kReserved);
}

// The block skipped on the way to a zone's later memory.
TEST(FrameAllocator, CatchesAFreeInASkippedHole) {
  constexpr FirmwareRange kHoled[] = {{{0x0}, 0x40'0000, kRam}, {{0xC0'0000}, 0x40'0000, kRam}};
  std::array<MemoryRegion, 8> storage;
  auto map = MemoryMap::FromFirmware(kHoled, storage, PageCount{0});
  ASSERT_TRUE(map.has_value());
  auto allocator = FrameAllocator::Create(*map, {{0}, {8 * kBlock}}, g_descriptors);
  ASSERT_TRUE(allocator.has_value());
  ASSERT_TRUE(allocator->Allocate(PageCount{1024}, ZoneKind::kHigh).has_value());
  ASSERT_TRUE(allocator->Allocate(PageCount{1024}, ZoneKind::kHigh) == FrameNumber{3 * kBlock});
  for (const uint64_t frame : {kBlock, kBlock + 1, 3 * kBlock - 1}) {
    const auto freed = allocator->Free({frame}, PageCount{1});
    ASSERT_FALSE(freed.has_value()) << frame;
    EXPECT_EQ(freed.error(), FreeFault::kReserved) << frame;
  }
  EXPECT_TRUE(allocator->CheckInvariants().has_value());
}

TEST(FrameAllocator, ChecksWhatItIsGiven) {
  Machine machine;
  const auto too_few = FrameAllocator::Create(machine.map(), kLimits,
                                              std::span(g_descriptors).first(kDescriptors - 1));
  ASSERT_FALSE(too_few.has_value());
  EXPECT_EQ(too_few.error(), base::Error::kInvalidArgument);
  const auto unaligned =
      FrameAllocator::Create(machine.map(), {{kBlock + 1}, {4 * kBlock}}, g_descriptors);
  ASSERT_FALSE(unaligned.has_value());
  EXPECT_EQ(unaligned.error(), base::Error::kNotAligned);
  const auto crossed =
      FrameAllocator::Create(machine.map(), {{4 * kBlock}, {2 * kBlock}}, g_descriptors);
  ASSERT_FALSE(crossed.has_value());
  EXPECT_EQ(crossed.error(), base::Error::kInvalidArgument);
}

// Simulated: 16 TiB and 4 KiB of RAM need one descriptor more than an index can name.
TEST(FrameAllocator, RefusesMoreThan16TiB) {
  constexpr FirmwareRange kHuge[] = {{{0x0}, uint64_t{16} << 40, kRam}};
  std::array<MemoryRegion, 4> storage;
  auto map = MemoryMap::FromFirmware(kHuge, storage, PageCount{0});
  ASSERT_TRUE(map.has_value());
  const auto allocator = FrameAllocator::Create(*map, kLimits, g_descriptors);
  ASSERT_FALSE(allocator.has_value());
  EXPECT_EQ(allocator.error(), base::Error::kOutOfRange);
}

}  // namespace
}  // namespace mm
