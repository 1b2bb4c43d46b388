// Random allocations and frees against a model that remembers every run.
#include <array>
#include <cstdint>
#include <expected>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/memory_map_boards.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/test_seed.h"

namespace mm {
namespace {

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
  // Some run.
  [[nodiscard]] std::pair<uint64_t, uint64_t> Any(std::mt19937_64& random) const {
    return *runs_.lower_bound(random() % (runs_.rbegin()->first + 1));
  }
  void Remove(uint64_t first) {
    allocated_ -= runs_.at(first);
    runs_.erase(first);
  }
  // What a free of these frames is to answer.
  [[nodiscard]] std::expected<void, FreeFault> Judge(const MemoryMap& map, uint64_t first,
                                                     uint64_t pages) const {
    const MemoryRegion* const region = map.FindRegion({first});
    if (region == nullptr || region->state != MemoryState::kUsable) {
      return std::unexpected(FreeFault::kReserved);
    }
    const auto above = runs_.upper_bound(first);
    if (above == runs_.begin()) return std::unexpected(FreeFault::kDoubleFree);
    const auto& [start, length] = *std::prev(above);
    if (start + length <= first) return std::unexpected(FreeFault::kDoubleFree);
    if (start != first) return std::unexpected(FreeFault::kMisaligned);
    if (length != pages) return std::unexpected(FreeFault::kWrongLength);
    return {};
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

class Trial {
 public:
  Trial(const World& world, uint64_t seed)
      : random_(seed),
        map_(*MemoryMap::FromFirmware(world.board->ranges, regions_, PageCount{0})),
        plan_(*FramePlan::For(map_, world.limits)),
        words_(plan_.storage_words(), 0xDEAD'BEEF'0404'0404),
        descriptors_(plan_.pages().value),
        table_(descriptors_, plan_.first, {{0}, {0}, nullptr}),
        memory_(map_, plan_, words_, cpus_, table_) {}

  void Run() {
    constexpr int kSteps = 20000;
    constexpr int kCheckEvery = 2000;
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      // Fill for a while, then drain, so that full and empty are both reached.
      const bool filling = step / 2500 % 2 == 0;
      if (model_.IsEmpty() || random_() % 10 < (filling ? 8U : 3U)) {
        Allocate();
      } else {
        Free();
      }
      if (random_() % 1000 == 0) memory_.DrainThisCpu();
      if (step % kCheckEvery == 0) Check();
    }
    while (!model_.IsEmpty() && !testing::Test::HasFailure()) Free();
    memory_.DrainThisCpu();
    Check();
  }

 private:
  PageCount RandomLength() {
    const uint64_t limit = uint64_t{1} << random_() % (kMaxOrder + 2);
    const uint64_t pages = random_() % 3 == 0 ? 1 + random_() % limit : limit;
    return {pages};
  }

  void Allocate() {
    const FrameRequest request = {
        .pages = RandomLength(),
        .alignment = {random_() % 2 == 0 ? 1 : uint64_t{1} << random_() % 12},
        .last = {random_() % 4 == 0 ? random_() % 0x20'0000 : ~uint64_t{0}},
        .highest = static_cast<ZoneKind>(random_() % kZoneCount)};
    const auto run = memory_.Allocate(request);
    if (!run) {
      EXPECT_EQ(run.error(), base::Error::kOutOfMemory);
      return;
    }
    const MemoryRegion* const region = map_.FindRegion(*run);
    ASSERT_TRUE(region != nullptr && region->state == MemoryState::kUsable);
    ASSERT_LE(*run + request.pages, region->last() + PageCount{1});
    ASSERT_LE((*run + request.pages).value - 1, request.last.value);
    ASSERT_EQ(run->value % request.alignment.value, 0U);
    ASSERT_FALSE(model_.Overlaps(run->value, request.pages.value));
    model_.Add(run->value, request.pages.value);
  }

  // Mostly a run; sometimes wrong frames.
  void Free() {
    auto [first, pages] = model_.Any(random_);
    if (random_() % 4 == 0) first += random_() % 8;
    if (random_() % 8 == 0) pages = 1 + random_() % (2 * pages);
    const auto wanted = model_.Judge(map_, first, pages);
    const auto freed = memory_.Free({first}, {pages});
    // A free run that the processor keeps is still one: what is wrong may be its length or place.
    const bool free_already = wanted == std::unexpected(FreeFault::kDoubleFree);
    ASSERT_TRUE(freed == wanted || (free_already && !freed))
        << first << " " << pages << " " << (freed ? "freed" : FreeFaultName(freed.error()));
    if (!freed) return;
    model_.Remove(first);
    if (random_() % 4 == 0) {
      ASSERT_TRUE(memory_.Free({first}, {pages}) == std::unexpected(FreeFault::kDoubleFree));
    }
  }

  void Check() {
    ASSERT_TRUE(memory_.CheckInvariants().has_value());
    ASSERT_EQ(memory_.FreePages().value + model_.allocated(), map_.UsablePages().value);
    ASSERT_EQ(memory_.late_faults(), 0U);
  }

  std::mt19937_64 random_;
  std::array<MemoryRegion, 64> regions_;
  MemoryMap map_;
  FramePlan plan_;
  std::vector<uint64_t> words_;
  std::vector<FrameDescriptor> descriptors_;
  std::array<FrameCpu, 1> cpus_;
  FrameTable table_;
  PhysicalMemory memory_;
  Model model_;
};

TEST(PhysicalMemoryRandom, AgreesWithAModel) {
  for (const World& world : kWorlds) {
    SCOPED_TRACE(std::string(world.board->name) +
                 ", ATLAS_TEST_SEED=" + std::to_string(TestSeed()));
    std::make_unique<Trial>(world, TestSeed())->Run();
  }
}

}  // namespace
}  // namespace mm
