#include "arch/x86_64/firmware/physical_view.h"

#include <array>

#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

constexpr uint64_t kBase = 0x1000;
constexpr size_t kBytes = 16;

struct Row {
  const char* name;
  uint64_t pa;
  uint64_t size_bytes;
  bool found;
};

TEST(PhysicalView, FindsOnlyWhatItHolds) {
  constexpr Row kRows[] = {
      {"all", kBase, kBytes, true},
      {"nothing", kBase, 0, true},
      {"nothing at the end", kBase + kBytes, 0, true},
      {"first byte", kBase, 1, true},
      {"last byte", kBase + kBytes - 1, 1, true},
      {"one byte before", kBase - 1, 2, false},
      {"one byte behind", kBase + kBytes, 1, false},
      {"one byte too many", kBase, kBytes + 1, false},
      {"last byte and one more", kBase + kBytes - 1, 2, false},
      {"far before", 0, 1, false},
      {"as many bytes as there are numbers", kBase + 1, ~uint64_t{0}, false},
      {"top of the space", ~uint64_t{0}, 1, false},
      {"around the top of the space", ~uint64_t{0}, ~uint64_t{0}, false},
  };
  const std::array<std::byte, kBytes> bytes{};
  const PhysicalView view(bytes, mm::PhysAddr{kBase});
  for (const Row& row : kRows) {
    const auto found = view.Find(mm::PhysAddr{row.pa}, row.size_bytes);
    ASSERT_EQ(found.has_value(), row.found) << row.name;
    if (!found) continue;
    EXPECT_EQ(found->data(), bytes.data() + (row.pa - kBase)) << row.name;
    EXPECT_EQ(found->size(), row.size_bytes) << row.name;
  }
}

TEST(PhysicalView, ReadsUnaligned) {
  std::array<std::byte, kBytes> bytes{};
  bytes[3] = std::byte{0x78};
  bytes[4] = std::byte{0x56};
  bytes[6] = std::byte{0x12};
  const PhysicalView view(bytes, mm::PhysAddr{kBase});
  EXPECT_EQ(view.Read<uint32_t>(mm::PhysAddr{kBase + 3}), 0x12005678u);
  EXPECT_FALSE(view.Read<uint32_t>(mm::PhysAddr{kBase + kBytes - 3}));
}

TEST(PhysicalView, RestIsEmptyOutside) {
  const std::array<std::byte, kBytes> bytes{};
  const PhysicalView view(bytes, mm::PhysAddr{kBase});
  EXPECT_EQ(view.From(mm::PhysAddr{kBase}).size(), kBytes);
  EXPECT_EQ(view.From(mm::PhysAddr{kBase + kBytes - 1}).size(), 1u);
  EXPECT_TRUE(view.From(mm::PhysAddr{kBase + kBytes}).empty());
  EXPECT_TRUE(view.From(mm::PhysAddr{kBase - 1}).empty());
}

}  // namespace
}  // namespace arch::x86_64
