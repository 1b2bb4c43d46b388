#include "kernel/mm/frames/memory_facts.h"

#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using mm::FrameNumber;
using mm::MemoryRegion;
using mm::MemoryState;
using mm::PageCount;
using mm::PhysAddr;
using mm::PhysRange;

constexpr MemoryRegion kMemory[] = {
    {FrameNumber{0}, PageCount{4}, MemoryState::kUsable},
    {FrameNumber{4}, PageCount{4}, MemoryState::kKernelImage},
    {FrameNumber{8}, PageCount{2}, MemoryState::kFirmwareReserved},
    {FrameNumber{16}, PageCount{4}, MemoryState::kKernelTables},
};

struct Row {
  const char* name;
  uint64_t first_page;
  uint64_t pages;
  int ram;  // page numbers; -1: none
  int reached;
  int unknown;
};

constexpr Row kRows[] = {
    {"usable", 1, 2, 1, 1, -1},
    {"image", 4, 4, 4, -1, -1},
    {"usable and image", 3, 2, 3, 3, -1},
    {"reserved", 8, 2, -1, -1, -1},
    {"image and reserved", 7, 3, 7, -1, -1},
    {"past reserved", 8, 3, -1, -1, 10},
    {"in the gap", 11, 2, -1, -1, 11},
    {"gap and tables", 12, 8, 16, 16, 12},
    {"tables", 16, 4, 16, 16, -1},
    {"past all", 19, 2, 19, 19, 20},
    {"above all", 100, 1, -1, -1, 100},
};

void ExpectPage(const char* name, std::optional<PhysAddr> found, int page) {
  EXPECT_EQ(found.has_value(), page >= 0) << name;
  if (page < 0) return;
  EXPECT_EQ(found.value_or(PhysAddr{0}), mm::BaseOf(FrameNumber{static_cast<uint64_t>(page)}))
      << name;
}

TEST(MemoryFacts, FirstByteThatIsSo) {
  for (const Row& row : kRows) {
    const PhysRange range = {mm::BaseOf(FrameNumber{row.first_page}), PageCount{row.pages}.bytes()};
    ExpectPage(row.name, mm::FindRam(kMemory, range), row.ram);
    ExpectPage(row.name, mm::FindReachedByKernel(kMemory, range), row.reached);
    ExpectPage(row.name, mm::FindUnknown(kMemory, range), row.unknown);
  }
}

TEST(MemoryFacts, WithoutMemory) {
  const PhysRange page = {{0}, mm::kPageSize};
  EXPECT_FALSE(mm::FindRam({}, page).has_value());
  EXPECT_TRUE(mm::FindUnknown({}, page).has_value());
}

}  // namespace
