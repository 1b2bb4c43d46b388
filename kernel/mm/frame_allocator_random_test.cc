// Random allocations and frees against a model that remembers every frame.
#include <array>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/frame_allocator.h"
#include "kernel/mm/memory_map.h"
#include "kernel/mm/memory_map_boards.h"

namespace mm {
namespace {

// A new seed each run would make a failure unrepeatable; ATLAS_TEST_SEED tries others.
uint64_t Seed() {
  const char* const text = std::getenv("ATLAS_TEST_SEED");
  return text != nullptr ? std::strtoull(text, nullptr, 0) : 0x41746C61731962;
}

class Model {
 public:
  [[nodiscard]] bool Overlaps(uint64_t first, uint64_t pages) const {
    const auto above = runs_.lower_bound(first);
    if (above != runs_.end() && above->first < first + pages) return true;
    if (above == runs_.begin()) return false;
    const auto below = std::prev(above);
    return below->first + below->second > first;
  }
  void Add(uint64_t first, uint64_t pages) {
    runs_[first] = pages;
    allocated_ += pages;
  }
  std::pair<uint64_t, uint64_t> TakeAny(std::mt19937_64& random) {
    auto run = runs_.lower_bound(random() % (runs_.rbegin()->first + 1));
    const auto found = *run;
    allocated_ -= run->second;
    runs_.erase(run);
    return found;
  }
  [[nodiscard]] bool IsEmpty() const { return runs_.empty(); }
  [[nodiscard]] uint64_t allocated() const { return allocated_; }

 private:
  std::map<uint64_t, uint64_t> runs_;  // first frame to length
  uint64_t allocated_ = 0;
};

struct World {
  const Board* board;
  ZoneLimits limits;
};

constexpr World kWorlds[] = {
    {&kBoards[0], {{0x1000}, {0x8'0000}}},     // pc, 64 MiB
    {&kBoards[7], {{0x1000}, {0x8'0000}}},     // q35, 6 GiB
    {&kBoards[8], {{0x1000}, {0x8'0000}}},     // laptop
    {&kBoards[10], {{0x4'0000}, {0xB'F800}}},  // virt, 512 MiB
};

uint64_t RandomLength(std::mt19937_64& random) {
  const uint64_t limit = uint64_t{1} << random() % kOrderCount;
  return 1 + random() % limit;
}

bool IsUsable(const MemoryMap& map, FrameNumber first, PageCount pages) {
  const MemoryRegion* const region = map.FindRegion(first);
  return region != nullptr && region->state == MemoryState::kUsable &&
         first + pages <= region->last() + PageCount{1};
}

void RunWorld(const World& world, uint64_t seed) {
  SCOPED_TRACE(std::string(world.board->name) + ", ATLAS_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  std::array<MemoryRegion, 64> storage;
  auto map = MemoryMap::FromFirmware(world.board->ranges, storage, PageCount{0});
  ASSERT_TRUE(map.has_value());
  std::vector<FrameDescriptor> descriptors(FrameAllocator::DescriptorsFor(*map),
                                           {0x11, 0x22, 0x33, FrameState::kFree, 1});
  auto allocator = FrameAllocator::Create(*map, world.limits, descriptors);
  ASSERT_TRUE(allocator.has_value());
  const uint64_t usable = map->UsablePages().value;
  Model model;
  constexpr int kSteps = 20000;
  constexpr int kCheckEvery = 2000;
  for (int step = 0; step < kSteps; ++step) {
    // Fill for a while, then drain, so that full and empty are both reached.
    const bool filling = step / 2500 % 2 == 0;
    const bool allocate = model.IsEmpty() || random() % 10 < (filling ? 8 : 3);
    if (allocate) {
      const PageCount pages{RandomLength(random)};
      const auto run = allocator->Allocate(pages, static_cast<ZoneKind>(random() % kZoneCount));
      if (run) {
        ASSERT_TRUE(IsUsable(*map, *run, pages)) << "step " << step;
        ASSERT_FALSE(model.Overlaps(run->value, pages.value)) << "step " << step;
        model.Add(run->value, pages.value);
      }
    } else {
      const auto [first, pages] = model.TakeAny(random);
      ASSERT_TRUE(allocator->Free({first}, {pages}).has_value()) << "step " << step;
      ASSERT_FALSE(allocator->Free({first}, {pages}).has_value()) << "step " << step;
    }
    ASSERT_EQ(allocator->FreePages().value, usable - model.allocated()) << "step " << step;
    if (step % kCheckEvery == 0) {
      ASSERT_TRUE(allocator->CheckInvariants().has_value()) << "step " << step;
    }
  }
  while (!model.IsEmpty()) {
    const auto [first, pages] = model.TakeAny(random);
    ASSERT_TRUE(allocator->Free({first}, {pages}).has_value());
  }
  EXPECT_TRUE(allocator->CheckInvariants().has_value());
  EXPECT_EQ(allocator->FreePages().value, usable);
}

TEST(FrameAllocatorRandom, AgreesWithTheModel) {
  for (const World& world : kWorlds) RunWorld(world, Seed());
}

}  // namespace
}  // namespace mm
