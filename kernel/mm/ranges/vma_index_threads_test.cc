// Readers at the same time, which the index allows: they share what was found last. For TSan.
#include <atomic>
#include <cstdint>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/ranges/vma_index.h"
#include "kernel/mm/test_pages.h"

namespace mm {
namespace {

TestArena<16> arena;

TEST(VmaIndexThreads, ReadersShareTheIndex) {
  constexpr uint64_t kRanges = 1'000;
  constexpr uint64_t kFinds = 20'000;
  constexpr unsigned kReaders = 3;
  TestPages pages(arena.bytes);
  VmaIndex<uint32_t> index(pages);
  for (uint32_t i = 0; i < kRanges; ++i) {
    ASSERT_TRUE(index.Insert({{i * 2 * kPageSize}, kPageSize}, i).has_value());
  }
  std::atomic<uint64_t> wrong = 0;
  const auto read = [&](uint64_t reader) {
    for (uint64_t i = 0; i < kFinds; ++i) {
      // Each range twice, so that it is often found as the last.
      const uint64_t number = (i / 2 * 7919 + reader * 331) % kRanges;
      const auto found = index.Find({number * 2 * kPageSize});
      if (!found || found->value != number) ++wrong;
      if (index.Find({(number * 2 + 1) * kPageSize})) ++wrong;
    }
  };
  std::vector<std::thread> readers;
  for (unsigned reader = 0; reader < kReaders; ++reader) readers.emplace_back(read, reader);
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_TRUE(index.CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
