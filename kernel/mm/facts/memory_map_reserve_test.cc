// Reserving parts of a memory map: what is split, what stays, what is refused.
#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/mm/facts/memory_map.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using enum FirmwareKind;
using MemoryState::kFirmwareReserved;
using MemoryState::kKernelImage;
using MemoryState::kUsable;

constexpr PageCount kNoMinimum{0};

void ExpectRegions(const MemoryMap& map, std::span<const MemoryRegion> expected,
                   std::string_view name) {
  EXPECT_TRUE(map.CheckInvariants().has_value()) << name;
  ASSERT_EQ(map.regions().size(), expected.size()) << name;
  for (size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(map.regions()[i] == expected[i]) << name << ", region " << i;
  }
}

struct ReserveRow {
  std::string_view name;
  PhysRange range;
  std::expected<void, base::Error> result;
  std::span<const MemoryRegion> regions;
};

// 16 pages of RAM, 4 reserved, a hole of 12, 16 of RAM.
constexpr FirmwareRange kTwoBanks[] = {
    {{0x0}, 0x10000, kRam}, {{0x10000}, 0x4000, kReserved}, {{0x20000}, 0x10000, kRam}};
constexpr MemoryRegion kUntouched[] = {
    {{0}, {16}, kUsable}, {{16}, {4}, kFirmwareReserved}, {{32}, {16}, kUsable}};
constexpr MemoryRegion kMiddle[] = {{{0}, {4}, kUsable},
                                    {{4}, {2}, kKernelImage},
                                    {{6}, {10}, kUsable},
                                    {{16}, {4}, kFirmwareReserved},
                                    {{32}, {16}, kUsable}};
constexpr MemoryRegion kFront[] = {{{0}, {1}, kKernelImage},
                                   {{1}, {15}, kUsable},
                                   {{16}, {4}, kFirmwareReserved},
                                   {{32}, {16}, kUsable}};
constexpr MemoryRegion kWholeBank[] = {
    {{0}, {16}, kKernelImage}, {{16}, {4}, kFirmwareReserved}, {{32}, {16}, kUsable}};
constexpr MemoryRegion kAcross[] = {{{0}, {15}, kUsable},
                                    {{15}, {1}, kKernelImage},
                                    {{16}, {4}, kFirmwareReserved},
                                    {{32}, {1}, kKernelImage},
                                    {{33}, {15}, kUsable}};
constexpr MemoryRegion kLastPage[] = {{{0}, {16}, kUsable},
                                      {{16}, {4}, kFirmwareReserved},
                                      {{32}, {15}, kUsable},
                                      {{47}, {1}, kKernelImage}};

constexpr auto kRefusedEmpty = std::unexpected(base::Error::kInvalidArgument);
constexpr auto kRefusedUnknown = std::unexpected(base::Error::kNotFound);

constexpr ReserveRow kReserveRows[] = {
    {"in the middle", {{0x4000}, 0x2000}, {}, kMiddle},
    {"rounded outward", {{0x4FFF}, 2}, {}, kMiddle},
    {"the first byte", {{0x0}, 1}, {}, kFront},
    {"a whole bank", {{0x0}, 0x10000}, {}, kWholeBank},
    {"across what firmware has", {{0xF000}, 0x12000}, {}, kAcross},
    {"to the end and beyond", {{0x2F000}, 0x10'0000}, {}, kLastPage},
    {"reserved already", {{0x11000}, 0x1000}, {}, kUntouched},
    {"a hole", {{0x18000}, 0x2000}, kRefusedUnknown, kUntouched},
    {"beyond all", {{0x100'0000}, 0x1000}, kRefusedUnknown, kUntouched},
    {"nothing", {{0x1000}, 0}, kRefusedEmpty, kUntouched},
    {"wrapping", {{0x1000}, 0xFFFF'FFFF'FFFF'F001}, kRefusedEmpty, kUntouched},
};

TEST(MemoryMapReserve, Reserves) {
  for (const ReserveRow& row : kReserveRows) {
    std::array<MemoryRegion, 8> storage;
    auto map = MemoryMap::FromFirmware(kTwoBanks, storage, kNoMinimum);
    ASSERT_TRUE(map.has_value()) << row.name;
    EXPECT_TRUE(map->Reserve(row.range, kKernelImage) == row.result) << row.name;
    ExpectRegions(*map, row.regions, row.name);
  }
}

TEST(MemoryMapReserve, RefusesToReserveWithoutRoomAndChangesNothing) {
  std::array<MemoryRegion, 4> storage;
  auto map = MemoryMap::FromFirmware(kTwoBanks, storage, kNoMinimum);
  ASSERT_TRUE(map.has_value());
  const base::Result<> result = map->Reserve({{0x4000}, 0x2000}, kKernelImage);
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), base::Error::kOutOfMemory);
  ExpectRegions(*map, kUntouched, "no room");
}

TEST(MemoryMapReserve, RefusesToMakeMemoryUsable) {
  std::array<MemoryRegion, 8> storage;
  auto map = MemoryMap::FromFirmware(kTwoBanks, storage, kNoMinimum);
  ASSERT_TRUE(map.has_value());
  EXPECT_TRUE(map->Reserve({{0x10000}, 0x1000}, kUsable) == kRefusedEmpty);
}

}  // namespace
}  // namespace mm
