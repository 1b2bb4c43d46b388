// Requests made from bytes, beside a model that keeps every granule by itself.
//
// Input: lines of six bytes, so that the corpus can be read and written by hand.
//
//   what      a allocates, l allocates with an alignment, m allocates when memory has ended, @
//             allocates there, c allocates every second granule from there on, x frees what is
//             there, f frees exactly that
//   where     the first granule, two digits: 0 to 9, a to z, A to Z, - and +
//   count     of granules, less one: one digit
//   argument  l: log2 of the alignment in granules; m: so many pages can still be had
//   and a line feed
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/ranges/range_allocator.h"
#include "kernel/mm/ranges/range_allocator_model.h"
#include "kernel/mm/test_pages.h"

namespace {

constexpr size_t kGranules = 512;
constexpr uint64_t kGranule = 32;

using Model = mm::RangeAllocatorModel<kGranules>;

struct Request {
  char what;
  size_t where;
  size_t count;
  unsigned argument;
};

// Any byte is some digit.
constexpr unsigned Digit(uint8_t byte) {
  constexpr std::string_view kDigits =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-+";
  const size_t found = kDigits.find(static_cast<char>(byte));
  return static_cast<unsigned>(found != std::string_view::npos ? found : byte % kDigits.size());
}

constexpr size_t kLineBytes = 6;

Request ReadRequest(std::span<const uint8_t> line) {
  constexpr unsigned kDigitBits = 6;
  const size_t where = (Digit(line[1]) << kDigitBits | Digit(line[2])) % kGranules;
  return {static_cast<char>(line[0]), where, Digit(line[3]) + 1, Digit(line[4])};
}

mm::TestArena<32> arena;

class Player {
 public:
  Player() : model_({uint64_t{0} - kGranules * kGranule}, kGranule), allocator_(pages_, kGranule) {
    CHECK(allocator_.Start(model_.space()).has_value());
  }

  void Play(const Request& request) {
    constexpr unsigned kAlignments = 10;
    Model::Run run{request.where, request.count};
    if (run.first + run.count > kGranules) run.count = kGranules - run.first;
    switch (request.what) {
      case 'a':
        return Allocate(request.count, kGranule);
      case 'l':
        return Allocate(request.count, kGranule << request.argument % kAlignments);
      case 'm':
        return AllocateWithoutMemory(request.count, request.argument);
      case '@':
        return AllocateAt(run);
      case 'c':
        return AllocateComb(run);
      case 'x':
        return Free(model_.AllocatedAt(run.first).value_or(run));
      default:
        return Free(run);
    }
  }

  void Check() {
    CHECK(allocator_.CheckInvariants().has_value());
    CHECK(model_.Shows(allocator_));
  }

 private:
  void Allocate(size_t count, uint64_t alignment) {
    const auto expected = model_.Place(count, alignment);
    const auto range = allocator_.AllocateAligned(count * kGranule, alignment);
    CHECK(range.has_value() == expected.has_value());
    if (!expected) return;
    CHECK(*range == model_.RangeOf(*expected));
    model_.Take(*expected);
  }

  void AllocateAt(const Model::Run& run) {
    const bool is_free = model_.IsFree(run);
    CHECK(allocator_.AllocateAt(model_.RangeOf(run)).has_value() == is_free);
    if (is_free) model_.Take(run);
  }

  void AllocateComb(const Model::Run& run) {
    for (size_t i = 0; i < run.count && run.first + 2 * i < kGranules; ++i) {
      AllocateAt({run.first + 2 * i, 1});
    }
  }

  // Never needs memory.
  void Free(const Model::Run& run) {
    pages_.FailAfter(0);
    const auto freed = allocator_.Free(model_.RangeOf(run));
    pages_.FailNothing();
    const auto fault = model_.Free(run);
    CHECK(freed.has_value() == !fault.has_value());
    if (fault) CHECK(freed.error() == *fault);
  }

  void AllocateWithoutMemory(size_t count, unsigned pages) {
    pages_.FailAfter(pages);
    const auto range = allocator_.Allocate(count * kGranule);
    pages_.FailNothing();
    if (!range) return;
    const auto expected = model_.Place(count, kGranule);
    CHECK(expected && *range == model_.RangeOf(*expected));
    model_.Take(*expected);
  }

  mm::TestPages pages_{arena.bytes};
  Model model_;
  mm::RangeAllocator allocator_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  constexpr size_t kRequestsPerCheck = 8;
  Player player;
  std::span<const uint8_t> input(data, size);
  for (size_t i = 1; input.size() >= kLineBytes; ++i) {
    player.Play(ReadRequest(input));
    input = input.subspan(kLineBytes);
    if (i % kRequestsPerCheck == 0) player.Check();
  }
  player.Check();
  return 0;
}
