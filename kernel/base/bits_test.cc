#include "kernel/base/bits.h"

#include <cstdint>
#include <limits>
#include <optional>

#include "testing/unit/test.h"

namespace {

constexpr uint64_t kMaximum = std::numeric_limits<uint64_t>::max();

struct AlignRow {
  const char* name;
  uint64_t value;
  uint64_t alignment;
  uint64_t down;
  std::optional<uint64_t> up;
};

constexpr AlignRow kAlignRows[] = {
    {"zero", 0, 4096, 0, 0},
    {"one", 1, 4096, 0, 4096},
    {"just below", 4095, 4096, 0, 4096},
    {"exact", 4096, 4096, 4096, 4096},
    {"just above", 4097, 4096, 4096, 8192},
    {"by one", 12345, 1, 12345, 12345},
    {"last page", kMaximum - 4095, 4096, kMaximum - 4095, kMaximum - 4095},
    {"inside the last page", kMaximum - 4094, 4096, kMaximum - 4095, std::nullopt},
    {"last byte", kMaximum, 4096, kMaximum - 4095, std::nullopt},
    {"last byte by one", kMaximum, 1, kMaximum, kMaximum},
    {"largest alignment", 1, uint64_t{1} << 63, 0, uint64_t{1} << 63},
    {"above the largest alignment", (uint64_t{1} << 63) + 1, uint64_t{1} << 63, uint64_t{1} << 63,
     std::nullopt},
};

TEST(Bits, Align) {
  for (const AlignRow& row : kAlignRows) {
    EXPECT_EQ(base::AlignDown(row.value, row.alignment), row.down) << row.name;
    const std::optional<uint64_t> up = base::TryAlignUp(row.value, row.alignment);
    EXPECT_EQ(up.has_value(), row.up.has_value()) << row.name;
    EXPECT_EQ(up.value_or(0), row.up.value_or(0)) << row.name;
    EXPECT_EQ(base::IsAligned(row.value, row.alignment), row.value == row.down) << row.name;
    if (row.up) EXPECT_EQ(base::AlignUp(row.value, row.alignment), *row.up) << row.name;
  }
}

TEST(Bits, BitAndLowBits) {
  EXPECT_EQ(base::Bit(0), 1u);
  EXPECT_EQ(base::Bit(63), 0x8000'0000'0000'0000u);
  EXPECT_EQ(base::LowBits(0), 0u);
  EXPECT_EQ(base::LowBits(12), 0xFFFu);
  EXPECT_EQ(base::LowBits(64), kMaximum);
}

struct DivideRow {
  uint64_t value;
  uint64_t divisor;
  uint64_t quotient;
};

TEST(Bits, DivideRoundUp) {
  constexpr DivideRow kRows[] = {
      {0, 8, 0}, {1, 8, 1}, {8, 8, 1}, {9, 8, 2}, {kMaximum, 2, uint64_t{1} << 63}};
  for (const DivideRow& row : kRows) {
    EXPECT_EQ(base::DivideRoundUp(row.value, row.divisor), row.quotient) << row.value;
  }
}

TEST(Bits, Field) {
  constexpr base::Field kMiddle = {.shift = 4, .width = 8};
  EXPECT_EQ(kMiddle.mask(), 0xFF0u);
  EXPECT_EQ(kMiddle.Extract(0xABCDE), 0xCDu);
  EXPECT_EQ(kMiddle.Place(0x12), 0x120u);
  EXPECT_EQ(kMiddle.Replace(0xABCDE, 0x12), 0xAB12Eu);
  constexpr base::Field kTop = {.shift = 63, .width = 1};
  EXPECT_EQ(kTop.mask(), uint64_t{1} << 63);
  EXPECT_EQ(kTop.Extract(kMaximum), 1u);
  constexpr base::Field kAll = {.shift = 0, .width = 64};
  EXPECT_EQ(kAll.Replace(0, kMaximum), kMaximum);
}

}  // namespace
