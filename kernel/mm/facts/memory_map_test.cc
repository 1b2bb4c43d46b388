// Memory maps as machines report them. The boards' maps are in memory_map_boards.h.
#include "kernel/mm/facts/memory_map.h"

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/facts/memory_map_boards.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr PageCount kNoMinimum{0};

TEST(MemoryMap, TakesRealMachinesMaps) {
  for (const Board& board : kBoards) {
    std::array<MemoryRegion, 64> storage;
    const auto map = MemoryMap::FromFirmware(board.ranges, storage, kNoMinimum);
    ASSERT_TRUE(map.has_value()) << board.name;
    EXPECT_TRUE(map->CheckInvariants().has_value()) << board.name;
    EXPECT_EQ(map->regions().size(), board.regions) << board.name;
    EXPECT_EQ(map->UsablePages(), board.usable) << board.name;
    EXPECT_EQ(map->regions().back().last(), board.last) << board.name;
  }
}

// Reservations a device tree lists beside its RAM, as the boards' own trees have them.
TEST(MemoryMap, ReservesWhatDeviceTreesReserve) {
  for (const ReservedBoard& board : kReservedBoards) {
    std::array<MemoryRegion, 64> storage;
    auto map = MemoryMap::FromFirmware(board.ranges, storage, kNoMinimum);
    ASSERT_TRUE(map.has_value()) << board.name;
    for (const PhysRange& range : board.reservations) {
      EXPECT_TRUE(map->Reserve(range, MemoryState::kFirmwareReserved).has_value()) << board.name;
      EXPECT_TRUE(map->CheckInvariants().has_value()) << board.name;
    }
    EXPECT_EQ(map->regions().size(), board.regions) << board.name;
    EXPECT_EQ(map->UsablePages(), board.usable) << board.name;
  }
}

struct BadRow {
  std::string_view name;
  std::span<const FirmwareRange> ranges;
  size_t capacity;
  PageCount minimum;
  MapFaultKind kind;
  size_t index;
  std::string_view sentence;
};

using enum FirmwareKind;

constexpr FirmwareRange kOverlapOneByte[] = {{{0x0}, 0x2000, kRam}, {{0x1FFF}, 0x1000, kReserved}};
constexpr FirmwareRange kSameBase[] = {{{0x1000}, 0x1000, kRam}, {{0x1000}, 0x1000, kReserved}};
constexpr FirmwareRange kInside[] = {
    {{0x0}, 0x9000, kRam}, {{0x10000}, 0x9000, kRam}, {{0x12000}, 0x1000, kReserved}};
constexpr FirmwareRange kDescending[] = {{{0x10'0000}, 0x1000, kRam}, {{0x0}, 0x1000, kRam}};
constexpr FirmwareRange kEmptyEntry[] = {{{0x0}, 0x1000, kRam}, {{0x5000}, 0, kReserved}};
constexpr FirmwareRange kEmptyFirst[] = {{{0x0}, 0, kRam}};
constexpr FirmwareRange kWrapping[] = {{{0x0}, 0x1000, kRam},
                                       {{0xFFFF'FFFF'FFFF'F000}, 0x1001, kReserved}};
constexpr FirmwareRange kWrapsByMuch[] = {{{0x1000}, 0xFFFF'FFFF'FFFF'FFFF, kRam}};
constexpr FirmwareRange kFour[] = {{{0x0}, 0x1000, kRam},
                                   {{0x2000}, 0x1000, kRam},
                                   {{0x4000}, 0x1000, kRam},
                                   {{0x6000}, 0x1000, kRam}};
constexpr FirmwareRange kOnlyReserved[] = {{{0x0}, 0x10'0000, kReserved}};
constexpr FirmwareRange kLessThanAPage[] = {{{0x800}, 0xFFF, kRam}};

constexpr BadRow kBadRows[] = {
    {"one byte overlaps", kOverlapOneByte, 8, kNoMinimum, MapFaultKind::kOverlap, 1,
     "memory map entry 1 overlaps the one before it"},
    {"same base", kSameBase, 8, kNoMinimum, MapFaultKind::kOverlap, 1,
     "memory map entry 1 overlaps the one before it"},
    {"one inside another", kInside, 8, kNoMinimum, MapFaultKind::kOverlap, 2,
     "memory map entry 2 overlaps the one before it"},
    {"descending", kDescending, 8, kNoMinimum, MapFaultKind::kUnsorted, 1,
     "memory map entry 1 is unsorted: it starts below the one before it"},
    {"length zero", kEmptyEntry, 8, kNoMinimum, MapFaultKind::kZeroLength, 1,
     "memory map entry 1 has length zero"},
    {"length zero, first", kEmptyFirst, 8, kNoMinimum, MapFaultKind::kZeroLength, 0,
     "memory map entry 0 has length zero"},
    {"wraps by a byte", kWrapping, 8, kNoMinimum, MapFaultKind::kWraps, 1,
     "memory map entry 1 wraps past the end of memory"},
    {"wraps by much", kWrapsByMuch, 8, kNoMinimum, MapFaultKind::kWraps, 0,
     "memory map entry 0 wraps past the end of memory"},
    {"too many", kFour, 3, kNoMinimum, MapFaultKind::kTooManyRanges, 3,
     "memory map entry 3 is more than there is room for"},
    {"no entries",
     {},
     8,
     kNoMinimum,
     MapFaultKind::kNoMemory,
     0,
     "the memory map has no usable RAM"},
    {"no RAM", kOnlyReserved, 8, kNoMinimum, MapFaultKind::kNoMemory, 1,
     "the memory map has no usable RAM"},
    {"no whole page of RAM", kLessThanAPage, 8, kNoMinimum, MapFaultKind::kNoMemory, 1,
     "the memory map has no usable RAM"},
    {"too little RAM",
     kFour,
     8,
     {5},
     MapFaultKind::kTooLittleMemory,
     4,
     "too little RAM: 16 KiB usable, 20 KiB needed"},
};

// Keeps what a sentence needs; longer ones are cut and compare unequal.
class Sentence final : public base::Sink {
 public:
  void Write(std::string_view text) override {
    for (const char c : text) {
      if (length_ < text_.size()) text_[length_++] = c;
    }
  }
  [[nodiscard]] std::string_view text() const { return {text_.data(), length_}; }

 private:
  std::array<char, 128> text_{};
  size_t length_ = 0;
};

TEST(MemoryMap, RefusesBadMaps) {
  for (const BadRow& row : kBadRows) {
    std::array<MemoryRegion, 8> storage;
    const auto map =
        MemoryMap::FromFirmware(row.ranges, std::span(storage).first(row.capacity), row.minimum);
    ASSERT_FALSE(map.has_value()) << row.name;
    EXPECT_EQ(map.error().kind, row.kind) << row.name;
    EXPECT_EQ(map.error().index, row.index) << row.name;
    Sentence sentence;
    DescribeFault(sentence, map.error());
    EXPECT_TRUE(sentence.text() == row.sentence) << row.name << ": " << sentence.text();
  }
}

TEST(MemoryMap, AcceptsExactlyTheMinimumAndTheCapacity) {
  std::array<MemoryRegion, 4> storage;
  const auto map = MemoryMap::FromFirmware(kFour, storage, PageCount{4});
  ASSERT_TRUE(map.has_value());
  EXPECT_EQ(map->regions().size(), 4u);
}

struct RoundingRow {
  std::string_view name;
  std::span<const FirmwareRange> ranges;
  std::span<const MemoryRegion> regions;
};

using MemoryState::kFirmwareReclaimable;
using MemoryState::kFirmwareReserved;
using MemoryState::kUsable;

constexpr FirmwareRange kRamEdges[] = {{{0x1001}, 0x3FFE, kRam}};  // 0x1001..0x4FFE
constexpr MemoryRegion kRamEdgesIn[] = {{{2}, {2}, kUsable}};
constexpr FirmwareRange kEbda[] = {
    {{0}, 0x9FC00, kRam}, {{0x9FC00}, 0x400, kReserved}, {{0xF0000}, 0x10000, kReserved}};
constexpr MemoryRegion kEbdaIn[] = {
    {{0}, {0x9F}, kUsable}, {{0x9F}, {1}, kFirmwareReserved}, {{0xF0}, {0x10}, kFirmwareReserved}};
constexpr FirmwareRange kSharedPage[] = {
    {{0}, 0x10000, kRam}, {{0x10000}, 0x2800, kAcpiReclaimable}, {{0x12800}, 0x1800, kAcpiNvs}};
constexpr MemoryRegion kSharedPageIn[] = {
    {{0}, {0x10}, kUsable}, {{0x10}, {2}, kFirmwareReclaimable}, {{0x12}, {2}, kFirmwareReserved}};
constexpr FirmwareRange kCrumbs[] = {{{0}, 0x1000, kRam},
                                     {{0x1000}, 0x100, kAcpiReclaimable},
                                     {{0x1200}, 0x100, kUnusable},
                                     {{0x1400}, 0x100, kAcpiReclaimable},
                                     {{0x1600}, 0x1000, kReserved}};
constexpr MemoryRegion kCrumbsIn[] = {
    {{0}, {1}, kUsable}, {{1}, {1}, MemoryState::kUnusable}, {{2}, {1}, kFirmwareReserved}};
constexpr FirmwareRange kNeighbours[] = {{{0}, 0x1000, kRam}, {{0x1000}, 0x1000, kRam}};
constexpr MemoryRegion kNeighboursIn[] = {{{0}, {2}, kUsable}};
constexpr FirmwareRange kTop[] = {{{0}, 0x1000, kRam},
                                  {{0xFFFF'FFFF'FFFF'F000}, 0x1000, kReserved}};
constexpr MemoryRegion kTopIn[] = {{{0}, {1}, kUsable},
                                   {{0xF'FFFF'FFFF'FFFF}, {1}, kFirmwareReserved}};

constexpr RoundingRow kRoundings[] = {
    {"RAM is rounded inward", kRamEdges, kRamEdgesIn},
    {"everything else outward", kEbda, kEbdaIn},
    {"a shared page goes to the stricter", kSharedPage, kSharedPageIn},
    {"several entries in one page", kCrumbs, kCrumbsIn},
    {"equal neighbours merge", kNeighbours, kNeighboursIn},
    {"the last page of all", kTop, kTopIn},
};

void ExpectRegions(const MemoryMap& map, std::span<const MemoryRegion> expected,
                   std::string_view name) {
  EXPECT_TRUE(map.CheckInvariants().has_value()) << name;
  ASSERT_EQ(map.regions().size(), expected.size()) << name;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(map.regions()[i] == expected[i]) << name << ", region " << i;
  }
}

TEST(MemoryMap, RoundsToPages) {
  for (const RoundingRow& row : kRoundings) {
    std::array<MemoryRegion, 8> storage;
    const auto map = MemoryMap::FromFirmware(row.ranges, storage, kNoMinimum);
    ASSERT_TRUE(map.has_value()) << row.name;
    ExpectRegions(*map, row.regions, row.name);
  }
}

// 16 pages of RAM, 4 reserved, a hole of 12, 16 of RAM.
constexpr FirmwareRange kTwoBanks[] = {
    {{0x0}, 0x10000, kRam}, {{0x10000}, 0x4000, kReserved}, {{0x20000}, 0x10000, kRam}};

TEST(MemoryMap, FindsRegions) {
  std::array<MemoryRegion, 8> storage;
  const auto map = MemoryMap::FromFirmware(kTwoBanks, storage, kNoMinimum);
  ASSERT_TRUE(map.has_value());
  const MemoryRegion* const regions = map->regions().data();
  EXPECT_TRUE(map->FindRegion({0}) == &regions[0]);
  EXPECT_TRUE(map->FindRegion({15}) == &regions[0]);
  EXPECT_TRUE(map->FindRegion({16}) == &regions[1]);
  EXPECT_TRUE(map->FindRegion({20}) == nullptr);
  EXPECT_TRUE(map->FindRegion({47}) == &regions[2]);
  EXPECT_TRUE(map->FindRegion({48}) == nullptr);
  EXPECT_TRUE(map->FindNext({15}, kUsable) == &regions[0]);
  EXPECT_TRUE(map->FindNext({16}, kUsable) == &regions[2]);
  EXPECT_TRUE(map->FindNext({48}, kUsable) == nullptr);
  EXPECT_EQ(map->TotalPages(kFirmwareReserved), PageCount{4});
}

// The caller keeps the storage, and so can spoil it.
TEST(MemoryMap, NoticesSpoiledRegions) {
  struct SpoilRow {
    std::string_view name;
    size_t index;
    MemoryRegion region;
  };
  constexpr SpoilRow kRows[] = {
      {"nothing changed", 1, {{16}, {4}, kFirmwareReserved}},
      {"empty", 1, {{16}, {0}, kFirmwareReserved}},
      {"empty, first", 0, {{0}, {0}, kUsable}},
      {"descending", 2, {{8}, {4}, kUsable}},
      {"overlapping", 1, {{15}, {5}, kFirmwareReserved}},
      {"not merged", 1, {{16}, {4}, kUsable}},
  };
  for (const SpoilRow& row : kRows) {
    std::array<MemoryRegion, 8> storage;
    const auto map = MemoryMap::FromFirmware(kTwoBanks, storage, kNoMinimum);
    ASSERT_TRUE(map.has_value());
    const bool is_same = storage[row.index] == row.region;
    storage[row.index] = row.region;
    EXPECT_EQ(map->CheckInvariants().has_value(), is_same) << row.name;
  }
}

// ACPI's later kinds, and whatever comes after them.
TEST(MemoryMap, ReservesWhatItDoesNotKnow) {
  constexpr FirmwareRange kUnheardOf[] = {{{0x0}, 0x1000, kRam},
                                          {{0x1000}, 0x1000, static_cast<FirmwareKind>(14)}};
  std::array<MemoryRegion, 8> storage;
  const auto map = MemoryMap::FromFirmware(kUnheardOf, storage, kNoMinimum);
  ASSERT_TRUE(map.has_value());
  EXPECT_EQ(map->TotalPages(kFirmwareReserved), PageCount{1});
}

}  // namespace
}  // namespace mm
