// Operations on a VmaIndex made from bytes, beside the model, in memory that may end.
//
// Input: lines of seven bytes, so that the corpus can be read and written by hand.
//
//   what   I insert, E erase, R resize, S split, J join with the next, V replace the value, F find,
//          G and g look for a gap from below and from above, N insert many, n the same downwards,
//          D erase many, C clear, X memory ends after `size` more pages (and comes back at the next
//          X of size 0)
//   where  L, M, H, T: from page 0, from 2^31, from 2^32 + 2^31, up to the last page
//   page   two digits, 0 to 9, a to z, A to Z, - and +: the page from there
//   size   a digit: pages; of N, n and D how many
//   shift  a digit: of N, n and D the ranges are 2^digit pages apart; of R how far the first page
//          moves, from 32 down to 31 up; of G and g the alignment, 2^digit pages
//   and a line feed
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/ranges/vma_index_model.h"
#include "kernel/mm/ranges/vma_node.h"
#include "kernel/mm/test_pages.h"

namespace mm {
namespace {

constexpr PageIndex kTop = kPageLimit - 1;
constexpr unsigned kDigit = 64;
constexpr PageIndex kWindowPages = kDigit * kDigit;

// Little of it: each input looks at all of it.
TestArena<48> arena;
std::array<ModelVma, 1'024> storage;

class Line {
 public:
  static constexpr size_t kBytes = 7;

  explicit Line(std::span<const uint8_t, kBytes> bytes) : bytes_(bytes) {}

  [[nodiscard]] char what() const { return static_cast<char>(bytes_[0]); }
  [[nodiscard]] PageIndex page() const {
    const PageIndex page = ValueOf(bytes_[2]) * kDigit + ValueOf(bytes_[3]);
    switch (bytes_[1]) {
      case 'M':
        return (PageIndex{1} << 31) + page;
      case 'H':
        return (PageIndex{1} << 32) + (PageIndex{1} << 31) + page;
      case 'T':
        return kTop - (kWindowPages - 1) + page;
      default:
        return page;
    }
  }
  [[nodiscard]] unsigned size() const { return ValueOf(bytes_[4]); }
  [[nodiscard]] unsigned shift() const { return ValueOf(bytes_[5]); }

 private:
  static unsigned ValueOf(uint8_t byte) {
    constexpr std::string_view kDigits =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
    const size_t digit = kDigits.find(static_cast<char>(byte));
    return digit == std::string_view::npos ? byte % kDigit : static_cast<unsigned>(digit);
  }

  std::span<const uint8_t, kBytes> bytes_;
};

class Fuzzed {
 public:
  void Run(const Line& line) {
    const PageIndex page = line.page();
    const PageIndex last = std::min(page + std::max(line.size(), 1U) - 1, kTop);
    switch (line.what()) {
      case 'I':
        return Insert({page, last});
      case 'E':
        return CHECK(pair_.Erase(page));
      case 'R':
        return Resize(line);
      case 'S':
        return Split(page);
      case 'J':
        return CHECK(pair_.MergeWithNext(page));
      case 'V':
        return CHECK(pair_.Replace(page, line.size()));
      case 'G':
        return FindGap(line, GapSide::kLow);
      case 'g':
        return FindGap(line, GapSide::kHigh);
      case 'N':
      case 'n':
      case 'D':
        return Many(line);
      case 'C':
        pair_.Clear();
        return CHECK(pages_.pages_in_use() == 0);
      case 'X':
        return line.size() == 0 ? pages_.FailNothing() : pages_.FailAfter(line.size() - 1);
      default:
        CHECK(pair_.Find(page));
        CHECK(pair_.Find(last));
    }
  }

  void CheckAll() const { CHECK(pair_.IsSound() && pair_.IsSame()); }

 private:
  // Whether it was memory that ended, in which case nothing may have changed.
  template <class T>
  bool HasFailed(const base::Result<T>& result, size_t pages_before) const {
    if (result.has_value() || result.error() != base::Error::kOutOfMemory) return false;
    CHECK(pages_.pages_in_use() == pages_before);
    CheckAll();
    return true;
  }

  static VirtRange RangeOf(const PageSpan& span) {
    return {{uint64_t{span.first} << kPageShift}, uint64_t{span.pages()} << kPageShift};
  }

  void Insert(const PageSpan& span) {
    if (pair_.IsFull()) return;
    const size_t before = pages_.pages_in_use();
    const auto result = pair_.index().Insert(RangeOf(span), kValue);
    if (HasFailed(result, before)) return;
    CHECK(result == pair_.model().Insert({span.first, span.last, kValue}));
  }

  void Resize(const Line& line) {
    const PageIndex from = line.page();
    const PageIndex first = from + line.shift() - kDigit / 2;  // may wrap: no page, or refused
    if (first > kTop) return;
    const PageSpan span{first, std::min(first + line.size(), kTop)};
    const size_t before = pages_.pages_in_use();
    const auto result = pair_.index().Resize({uint64_t{from} << kPageShift}, RangeOf(span));
    if (HasFailed(result, before)) return;
    CHECK(result == pair_.model().Resize(from, span));
  }

  void Split(PageIndex at) {
    if (pair_.IsFull()) return;
    const size_t before = pages_.pages_in_use();
    const auto result = pair_.index().Split({uint64_t{at} << kPageShift}, kValue);
    if (HasFailed(result, before)) return;
    CHECK(result == pair_.model().Split(at, kValue));
  }

  // In all pages from there on.
  void FindGap(const Line& line, GapSide side) {
    const PageIndex first = std::max<PageIndex>(line.page(), 1);
    CHECK(pair_.FindGap({.pages = std::max(line.size(), 1U),
                         .alignment = PageIndex{1} << line.shift() % kMostShift,
                         .within = {first, kTop},
                         .side = side}));
  }

  void Many(const Line& line) {
    const PageIndex stride = PageIndex{1} << line.shift() % kMostShift;
    for (unsigned i = 0; i < line.size(); ++i) {
      const PageIndex number = line.what() == 'n' ? line.size() - 1 - i : i;
      const PageIndex page = line.page() + number * stride;
      if (page > kTop || page < line.page()) continue;
      if (line.what() == 'D') {
        CHECK(pair_.Erase(page));
      } else {
        Insert({page, page});
      }
    }
  }

  static constexpr uint32_t kValue = 7;
  static constexpr unsigned kMostShift = 46;

  TestPages pages_{arena.bytes};
  VmaPair pair_{pages_, storage};
};

}  // namespace
}  // namespace mm

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span bytes(data, size);
  mm::Fuzzed fuzzed;
  for (size_t at = 0; at + mm::Line::kBytes <= size; at += mm::Line::kBytes) {
    fuzzed.Run(mm::Line(bytes.subspan(at).first<mm::Line::kBytes>()));
  }
  fuzzed.CheckAll();
  return 0;
}
