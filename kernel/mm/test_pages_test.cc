// The pages that other tests rely on, and the loop that fails each allocation.
#include "kernel/mm/test_pages.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr size_t kArenaPages = 17;  // 16 for use, and the books
TestArena<kArenaPages, 16 * kPageSize> arena;

bool IsFullOf(const void* pages, size_t count, std::byte pattern) {
  return std::ranges::all_of(
      std::span(static_cast<const std::byte*>(pages), count * static_cast<size_t>(kPageSize)),
      [&](std::byte byte) { return byte == pattern; });
}

TEST(TestPages, HandsOutAlignedRunsOfRubbish) {
  TestPages pages(arena.bytes);
  EXPECT_EQ(pages.total_pages(), 16U);
  std::array<void*, 5> taken{};
  size_t in_use = 0;
  for (const unsigned order : {0U, 1U, 2U, 3U, 0U}) {
    const auto run = pages.AllocatePages(order);
    ASSERT_TRUE(run.has_value()) << order;
    const size_t count = size_t{1} << order;
    in_use += count;
    EXPECT_EQ(pages.pages_in_use(), in_use) << order;
    EXPECT_TRUE(base::IsAligned(reinterpret_cast<uintptr_t>(*run), count * kPageSize)) << order;
    EXPECT_TRUE(IsFullOf(*run, count, TestPages::kHandedOut)) << order;
    for (const void* const other : taken) EXPECT_NE(*run, other) << order;
    *std::ranges::find(taken, nullptr) = *run;
  }
  EXPECT_FALSE(pages.AllocatePages(0).has_value()) << "all is in use";
  pages.FreePages(taken[3], 3);
  EXPECT_TRUE(IsFullOf(taken[3], 8, TestPages::kFreed));
  EXPECT_EQ(pages.pages_in_use(), 8U);
  const auto again = pages.AllocatePages(3);
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(*again, taken[3]);
}

TEST(TestPages, RefusesWhatDoesNotFit) {
  TestPages pages(arena.bytes);
  for (const unsigned order : {5U, 19U, 20U, 64U}) {
    const auto run = pages.AllocatePages(order);
    ASSERT_FALSE(run.has_value()) << order;
    EXPECT_EQ(run.error(), base::Error::kOutOfMemory) << order;
  }
  EXPECT_FALSE(pages.has_failed());
  EXPECT_EQ(pages.pages_in_use(), 0U);
}

TEST(TestPages, FailsOnDemand) {
  TestPages pages(arena.bytes);
  const auto works = [&] { return pages.AllocatePages(0).has_value(); };
  pages.FailAllocation(2);
  EXPECT_TRUE(works());
  EXPECT_FALSE(pages.has_failed());
  EXPECT_FALSE(works());
  EXPECT_TRUE(pages.has_failed());
  EXPECT_TRUE(works()) << "only one fails";
  pages.FailAfter(1);
  EXPECT_TRUE(works());
  EXPECT_FALSE(works());
  EXPECT_FALSE(works()) << "memory has ended";
  pages.FailNothing();
  EXPECT_TRUE(works());
  EXPECT_EQ(pages.pages_in_use(), 4U);
}

// Takes three pages; how it behaves when it gets fewer is up to the test.
struct ThreePages {
  enum class Kind : uint8_t {
    kUndoes,
    kLeaks,
    kPressesOn,
    kTurnsError,
    kFailsAlways,
    kNeedsNone,
  };

  base::Result<> Run() {
    if (kind == Kind::kNeedsNone) return {};
    std::array<void*, 3> taken{};
    for (size_t i = 0; i < taken.size(); ++i) {
      const auto page = pages.AllocatePages(0);
      if (page.has_value()) {
        taken[i] = *page;
        continue;
      }
      if (kind == Kind::kPressesOn) continue;
      if (kind != Kind::kLeaks) Free(taken);
      return std::unexpected(kind == Kind::kTurnsError ? base::Error::kNotFound : page.error());
    }
    Free(taken);
    if (kind == Kind::kFailsAlways) return std::unexpected(base::Error::kOutOfMemory);
    return {};
  }

  void Free(std::span<void* const> taken) {
    for (void* const page : taken) {
      if (page != nullptr) pages.FreePages(page, 0);
    }
  }

  TestPages& pages;
  Kind kind;
};

TEST(FailEachAllocation, JudgesTheOperation) {
  using Kind = ThreePages::Kind;
  struct Row {
    std::string_view name;
    Kind kind;
    unsigned failed;
    std::string_view fault;
  };
  constexpr std::array kRows = {
      Row{"undoes", Kind::kUndoes, 3, ""},
      Row{"leaks", Kind::kLeaks, 2, "fails and leaves something changed"},
      Row{"presses on", Kind::kPressesOn, 1, "works although an allocation fails"},
      Row{"turns the error", Kind::kTurnsError, 1,
          "fails with another error than \"out of memory\""},
      Row{"fails always", Kind::kFailsAlways, 3, "fails although every allocation works"},
      Row{"needs none", Kind::kNeedsNone, 0, ""},
  };
  for (const Row& row : kRows) {
    TestPages pages(arena.bytes);
    ThreePages operation{pages, row.kind};
    const FailureRun run = FailEachAllocation(
        pages, [&] { return operation.Run(); }, [&] { return pages.pages_in_use() == 0; });
    EXPECT_EQ(run.fault, row.fault) << row.name;
    EXPECT_EQ(run.failed, row.failed) << row.name;
  }
}

TEST(FailEachAllocation, TakesBackASuccess) {
  TestPages pages(arena.bytes);
  ThreePages operation{pages, ThreePages::Kind::kPressesOn};
  unsigned undone = 0;
  const FailureRun run = FailEachAllocation(
      pages, [&] { return operation.Run(); }, [] { return true; }, [&] { return ++undone > 0; });
  EXPECT_EQ(run.fault, "");
  EXPECT_EQ(run.failed, 3U);
  EXPECT_EQ(undone, 3U);
}

}  // namespace
}  // namespace mm
