#include "kernel/mm/frames/boot_allocator.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace mm {
namespace {

using enum FirmwareKind;

constexpr FirmwareRange kMachine[] = {
    {{0x0}, 0x10'0000, kRam}, {{0x10'0000}, 0x10'0000, kReserved}, {{0x20'0000}, 0xE0'0000, kRam}};
constexpr PhysRange kEverything{{0x0}, 0x1'0000'0000};

struct Row {
  std::string_view name;
  PhysRange reachable;
  PageCount pages;
  uint64_t alignment;
  base::Result<PhysRange> result;
};

constexpr auto kNone = std::unexpected(base::Error::kOutOfMemory);
constexpr auto kRefused = std::unexpected(base::Error::kInvalidArgument);

constexpr Row kRows[] = {
    {"the highest page", kEverything, {1}, kPageSize, PhysRange{{0xFF'F000}, 0x1000}},
    {"a run", kEverything, {16}, kPageSize, PhysRange{{0xFF'0000}, 0x1'0000}},
    {"aligned", kEverything, {3}, 0x4000, PhysRange{{0xFF'C000}, 0x3000}},
    {"aligned to more than its size", kEverything, {1}, 0x40'0000, PhysRange{{0xC0'0000}, 0x1000}},
    {"below a limit", {{0x0}, 0x40'0000}, {1}, kPageSize, PhysRange{{0x3F'F000}, 0x1000}},
    {"below a limit inside a page",
     {{0x0}, 0x40'0FFF},
     {1},
     kPageSize,
     PhysRange{{0x3F'F000}, 0x1000}},
    {"above a limit inside a page",
     {{0xFF'E001}, 0x1000'0000},
     {1},
     kPageSize,
     PhysRange{{0xFF'F000}, 0x1000}},
    {"in the lower bank", {{0x0}, 0x20'0000}, {256}, kPageSize, PhysRange{{0x0}, 0x10'0000}},
    {"no bank is large enough", {{0x0}, 0x20'0000}, {257}, kPageSize, kNone},
    {"no bank is reached", {{0x1000'0000}, 0x1000}, {1}, kPageSize, kNone},
    {"less than a page is reached", {{0x20'0800}, 0x1000}, {1}, kPageSize, kNone},
    {"nothing is reached", {{0x20'0000}, 0}, {1}, kPageSize, kNone},
    {"no aligned run", {{0x21'0000}, 0x1F'0000}, {1}, 0x20'0000, kNone},
    {"no pages", kEverything, {0}, kPageSize, kRefused},
    {"alignment zero", kEverything, {1}, 0, kRefused},
    {"alignment less than a page", kEverything, {1}, 0x400, kRefused},
    {"alignment not a power of two", kEverything, {1}, 0x3000, kRefused},
};

TEST(BootAllocator, Allocates) {
  for (const Row& row : kRows) {
    std::array<MemoryRegion, 16> storage;
    auto map = MemoryMap::FromFirmware(kMachine, storage, PageCount{0});
    ASSERT_TRUE(map.has_value());
    const PageCount before = map->UsablePages();
    BootAllocator allocator(*map, row.reachable);
    const auto result = allocator.Allocate(row.pages, row.alignment, MemoryState::kKernelTables);
    EXPECT_TRUE(result == row.result) << row.name;
    const PageCount taken{row.result ? row.pages.value : 0};
    EXPECT_EQ(map->TotalPages(MemoryState::kKernelTables), taken) << row.name;
    EXPECT_EQ(map->UsablePages() + taken, before) << row.name;
    EXPECT_TRUE(map->CheckInvariants().has_value()) << row.name;
  }
}

// Pages taken one by one stay one region, so a small map lasts; every page is given once.
TEST(BootAllocator, GivesEveryPageOnce) {
  std::array<MemoryRegion, 6> storage;
  auto map = MemoryMap::FromFirmware(kMachine, storage, PageCount{0});
  ASSERT_TRUE(map.has_value());
  BootAllocator allocator(*map, kEverything);
  const uint64_t total = map->UsablePages().value;
  PhysAddr previous{0x1'0000'0000};
  for (uint64_t i = 0; i < total; ++i) {
    const auto page = allocator.Allocate(PageCount{1}, kPageSize, MemoryState::kKernelTables);
    ASSERT_TRUE(page.has_value()) << i;
    ASSERT_LT(page->base, previous) << i;
    previous = page->base;
  }
  EXPECT_EQ(map->UsablePages(), PageCount{0});
  EXPECT_EQ(map->regions().size(), 3u);
  EXPECT_TRUE(allocator.Allocate(PageCount{1}, kPageSize, MemoryState::kKernelTables) == kNone);
}

TEST(BootAllocator, TellsWhenTheMapIsFull) {
  std::array<MemoryRegion, 4> storage;
  auto map = MemoryMap::FromFirmware(kMachine, storage, PageCount{0});
  ASSERT_TRUE(map.has_value());
  BootAllocator allocator(*map, kEverything);
  EXPECT_TRUE(allocator.Allocate(PageCount{1}, kPageSize, MemoryState::kKernelTables) == kNone);
  EXPECT_TRUE(map->CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
