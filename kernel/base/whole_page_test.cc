// Also of memset(), which ARM's pages are zeroed with, and of memmove(), which are our own there.
#include "kernel/base/whole_page.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <span>

#include "testing/unit/test.h"

namespace base {
namespace {

constexpr std::byte kOld{0xA5};
constexpr std::byte kNew{0x5C};

// A page with something on both sides, which is to stay.
struct alignas(kWholePageBytes) Guarded {
  std::array<std::byte, kWholePageBytes> below;
  std::array<std::byte, kWholePageBytes> page;
  std::array<std::byte, kWholePageBytes> above;

  void FillAll(std::byte value) {
    below.fill(value);
    page.fill(value);
    above.fill(value);
  }
};

constinit Guarded guarded{};
constinit Guarded other{};

bool IsAll(std::span<const std::byte> bytes, std::byte value) {
  return std::ranges::all_of(bytes, [value](std::byte byte) { return byte == value; });
}

TEST(WholePage, IsZeroedAndNothingElse) {
  guarded.FillAll(kOld);
  ZeroWholePage(guarded.page.data());
  EXPECT_TRUE(IsAll(guarded.page, std::byte{0}));
  EXPECT_TRUE(IsAll(guarded.below, kOld) && IsAll(guarded.above, kOld));
}

TEST(WholePage, IsCopiedAndNothingElse) {
  guarded.FillAll(kOld);
  for (size_t i = 0; i < kWholePageBytes; ++i) {
    other.page[i] = static_cast<std::byte>(i * 7 + i / 256);
  }
  CopyWholePage(guarded.page.data(), other.page.data());
  EXPECT_TRUE(guarded.page == other.page);
  EXPECT_TRUE(IsAll(guarded.below, kOld) && IsAll(guarded.above, kOld));
}

// Each number of bytes around those that are stored together, from each alignment to a word.
TEST(Memset, FillsWhatItIsToldAndNothingElse) {
  constexpr size_t kMostBytes = 1100;
  constexpr size_t kAlignments = 8;
  for (size_t start = 0; start < kAlignments; ++start) {
    for (size_t size = 0; size <= kMostBytes; size += size < 80 ? 1 : 13) {
      const std::span<std::byte> room = std::span(guarded.page).first(kMostBytes + 2 * kAlignments);
      std::ranges::fill(room, kOld);
      void* const first = room.subspan(start).data();
      ASSERT_TRUE(std::memset(first, std::to_integer<int>(kNew), size) == first);
      ASSERT_TRUE(IsAll(room.first(start), kOld));
      ASSERT_TRUE(IsAll(room.subspan(start, size), kNew));
      ASSERT_TRUE(IsAll(room.subspan(start + size), kOld));
    }
  }
}

// As far in both directions as the two ends lie in each other or beside each other, with each
// number of bytes around those that are moved together, from each alignment to a word.
TEST(Memmove, MovesWhatItIsToldAndNothingElse) {
  constexpr size_t kMostBytes = 150;
  constexpr size_t kAlignments = 4;
  constexpr size_t kDistances[] = {0, 1, 3, 4, 12, 31, 32, 33, 64, 100, 152, 200};
  constexpr size_t kRoomBytes = 3 * kMostBytes;
  const std::span<std::byte> before = std::span(other.page).first(kRoomBytes);
  for (size_t i = 0; i < kRoomBytes; ++i) {
    before[i] = static_cast<std::byte>(i * 7 + i / 256);
  }
  const std::span<std::byte> room = std::span(guarded.page).first(kRoomBytes);
  const auto is_moved = [&](size_t from, size_t to, size_t size) {
    std::ranges::copy(before, room.begin());
    void* const first = room.subspan(to).data();
    return std::memmove(first, room.subspan(from).data(), size) == first &&
           std::ranges::equal(room.first(to), before.first(to)) &&
           std::ranges::equal(room.subspan(to, size), before.subspan(from, size)) &&
           std::ranges::equal(room.subspan(to + size), before.subspan(to + size));
  };
  for (const size_t distance : kDistances) {
    for (size_t start = 0; start < kAlignments; ++start) {
      for (size_t size = 0; size <= kMostBytes; size += size < 80 ? 1 : 13) {
        ASSERT_TRUE(is_moved(start, start + distance, size));
        ASSERT_TRUE(is_moved(start + distance, start, size));
      }
    }
  }
}

}  // namespace
}  // namespace base
