// The random test of vma_index_random.h with so many ranges that the tree has several levels.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/ranges/vma_index_model.h"
#include "kernel/mm/ranges/vma_index_random.h"
#include "kernel/mm/test_pages.h"
#include "kernel/mm/test_seed.h"

namespace mm {
namespace {

constexpr unsigned kSteps = 30'000;
constexpr unsigned kCheckEvery = 1'000;
constexpr size_t kArenaPages = 1024;
constexpr size_t kMost = 4'500;

constexpr VmaRandomRow kRows[] = {
    {"dense", 0, 0xFFFF, 8},
    // Each range has its own leaf: a tree of four levels.
    {"sparse", 0, kTopPage, kTopPage / 65536},
};

TEST(VmaIndexDeep, AgreesWithTheModel) {
  const uint64_t seed = TestSeed();
  std::vector<TestArena<1>> arena(kArenaPages);
  std::vector<ModelVma> storage(kMost);
  for (const VmaRandomRow& row : kRows) {
    SCOPED_TRACE(std::string(row.name) + ", ATLAS_TEST_SEED=" + std::to_string(seed));
    TestPages pages({arena.front().bytes, kArenaPages * kPageSize});
    {
      VmaRandomRun run(row, seed, pages, storage);
      for (unsigned step = 0; step < kSteps; ++step) {
        ASSERT_TRUE(run.Step(step)) << "step " << step;
        if (step % kCheckEvery == 0) ASSERT_TRUE(run.IsSound()) << "step " << step;
      }
      ASSERT_TRUE(run.Drain());
    }
    ASSERT_EQ(pages.pages_in_use(), 0u);
  }
}

}  // namespace
}  // namespace mm
