// See vma_index_random.h.
#include "kernel/mm/ranges/vma_index_random.h"

#include <array>
#include <cstdint>

#include "kernel/mm/ranges/vma_index_model.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr unsigned kSteps = 4'000;
constexpr unsigned kCheckEvery = 32;
constexpr uint64_t kSeed = 0x41746C61732003;

// Ranges that are far apart have leaves of their own, so that a 64-bit machine needs most of these.
TestArena<64> arena;
std::array<ModelVma, 256> storage;

TEST(VmaIndexRandom, AgreesWithTheModel) {
  for (const VmaRandomRow& row : kVmaRandomRows) {
    TestPages pages(arena.bytes);
    {
      VmaRandomRun run(row, kSeed, pages, storage);
      for (unsigned step = 0; step < kSteps; ++step) {
        ASSERT_TRUE(run.Step(step)) << row.name << ", seed " << kSeed << ", step " << step;
        if (step % kCheckEvery != 0) continue;
        ASSERT_TRUE(run.IsSound()) << row.name << ", seed " << kSeed << ", step " << step;
      }
      ASSERT_TRUE(run.Drain()) << row.name << ", seed " << kSeed;
    }
    ASSERT_EQ(pages.pages_in_use(), 0u) << row.name;
  }
}

}  // namespace
}  // namespace mm
