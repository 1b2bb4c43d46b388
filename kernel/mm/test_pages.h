// Pages for tests on the host and in the kernels: out of an arena, counted, failing on demand, and
// suspicious of whoever uses them.
//
//   static TestArena<64> arena;
//   TestPages pages(arena.bytes);
//   pages.FailAllocation(3);
//
// Pages are handed out full of rubbish. Freed pages hold another pattern, which is looked at when
// they are handed out again and when the arena is taken down: a write after free fails a CHECK, and
// so does a free of what is not in use or was taken with another order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/test_failures.h"
#include "kernel/sync/spin_lock.h"

namespace mm {

// Memory for TestPages. One that hands out larger runs needs their alignment.
template <size_t kPages, size_t kAlignment = kPageSize>
struct TestArena {
  alignas(kAlignment) std::byte bytes[kPages * kPageSize];
};

// The lowest run that fits is handed out, O(pages). The last pages of the arena hold its books, one
// byte a page. Any thread may call; whoever makes allocations fail is alone.
class TestPages final : public PageSource {
 public:
  static constexpr std::byte kHandedOut{0xa7};
  static constexpr std::byte kFreed{0x5c};

  // `arena` is whole pages, at least two, and stays.
  explicit TestPages(std::span<std::byte> arena) {
    const size_t pages = arena.size() / kPageSize;
    CHECK(base::IsAligned(reinterpret_cast<uintptr_t>(arena.data()), kPageSize));
    CHECK(pages >= 2 && arena.size() == pages * kPageSize);
    const auto for_books = static_cast<size_t>(PagesFor(pages).value);
    memory_ = arena.first((pages - for_books) * kPageSize);
    books_ = arena.subspan(memory_.size(), pages - for_books);
    std::ranges::fill(memory_, kFreed);
    std::ranges::fill(books_, kFree);
  }
  TestPages(const TestPages&) = delete;
  TestPages& operator=(const TestPages&) = delete;
  ~TestPages() { CheckFreePages(); }

  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override {
    const locking::SpinLockHolder holder(lock_);
    if (failure_.MustFail() || order >= kOrders) return std::unexpected(base::Error::kOutOfMemory);
    const size_t run = size_t{1} << order;
    for (size_t first = FirstAligned(run); first + run <= books_.size(); first += run) {
      const std::span<std::byte> books = books_.subspan(first, run);
      if (!std::ranges::all_of(books, [](std::byte book) { return book == kFree; })) continue;
      std::ranges::fill(books, kContinued);
      books.front() = FirstOf(order);
      pages_in_use_ += run;
      const std::span<std::byte> memory = MemoryOf(first, run);
      CHECK(IsUntouched(memory));  // else: written to after it was freed
      std::ranges::fill(memory, kHandedOut);
      return memory.data();
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }

  void FreePages(void* pages, unsigned order) override {
    const locking::SpinLockHolder holder(lock_);
    const auto* const start = static_cast<std::byte*>(pages);
    CHECK(start >= memory_.data() && start < memory_.data() + memory_.size());
    const auto offset = static_cast<size_t>(start - memory_.data());
    CHECK(base::IsAligned(offset, kPageSize));
    const size_t first = offset / kPageSize;
    CHECK(order < kOrders && books_[first] == FirstOf(order));
    const size_t run = size_t{1} << order;
    std::ranges::fill(books_.subspan(first, run), kFree);
    std::ranges::fill(MemoryOf(first, run), kFreed);
    pages_in_use_ -= run;
  }

  // See FailurePoint. Allocations that find no room fail besides.
  void FailAllocation(unsigned n) { failure_.FailAllocation(n); }
  void FailAfter(unsigned n) { failure_.FailAfter(n); }
  void FailNothing() { failure_.FailNothing(); }
  [[nodiscard]] bool has_failed() const { return failure_.has_failed(); }

  [[nodiscard]] size_t pages_in_use() const { return pages_in_use_; }
  // What the arena has for its users.
  [[nodiscard]] size_t total_pages() const { return books_.size(); }

  // CHECKed: nobody has written to a free page.
  void CheckFreePages() const {
    for (size_t page = 0; page < books_.size(); ++page) {
      if (books_[page] == kFree) CHECK(IsUntouched(MemoryOf(page, 1)));
    }
  }

 private:
  static constexpr unsigned kOrders = 20;
  // The books: kFree, kContinued, or an order plus one for the first page of a run.
  static constexpr std::byte kFree{0};
  static constexpr std::byte kContinued{0xff};

  static constexpr std::byte FirstOf(unsigned order) { return std::byte(order + 1); }

  // The lowest page whose address has the alignment of a run of `run` pages.
  [[nodiscard]] size_t FirstAligned(size_t run) const {
    const auto start = reinterpret_cast<uintptr_t>(memory_.data()) / kPageSize;
    return static_cast<size_t>(base::AlignUp(uint64_t{start}, run) - start);
  }

  [[nodiscard]] std::span<std::byte> MemoryOf(size_t first, size_t run) const {
    return memory_.subspan(first * kPageSize, run * kPageSize);
  }

  // By words: tests look at much memory.
  static bool IsUntouched(std::span<const std::byte> pages) {
    constexpr uint64_t kWord = 0x0101'0101'0101'0101 * std::to_integer<uint64_t>(kFreed);
    const std::span words(reinterpret_cast<const uint64_t*>(pages.data()),
                          pages.size() / sizeof(uint64_t));
    return std::ranges::all_of(words, [](uint64_t word) { return word == kWord; });
  }

  locking::SpinLock lock_;
  std::span<std::byte> memory_;
  std::span<std::byte> books_;
  size_t pages_in_use_ = 0;
  FailurePoint failure_;
};

}  // namespace mm
