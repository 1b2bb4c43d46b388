// Parts in order and packed, and each way they can be wrong.
#include "kernel/mm/checks/layout_packing.h"

#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using mm::Access;
using mm::PartStart;
using mm::PlacedPart;
using mm::VirtAddr;

constexpr VirtAddr kBase{0x8000};

constexpr mm::Part MakePart(std::string_view name, PartStart start) {
  return {name, start, Access::kNone, Access::kReadWrite, mm::Growth::kFixed, "a reason"};
}

constexpr std::array kParts = {
    MakePart("text", PartStart::kPage), MakePart("stack", PartStart::kPage),
    MakePart("copy", PartStart::kPacked), MakePart("heap", PartStart::kPacked)};

using Placed = std::array<PlacedPart, 4>;

// Of a page and a bit, of less than a page, of a few bytes, and the rest.
constexpr Placed kSound = {{{"text", {kBase, 0x1010}},
                            {"stack", {{0xA000}, 0x0C00}},
                            {"copy", {{0xAC00}, 0x10}},
                            {"heap", {{0xAC10}, 0x13F0}}}};

struct Row {
  std::string_view name;
  void (*spoil)(Placed& placed);
  std::optional<VirtAddr> misplaced;
};

constexpr Row kRows[] = {
    {"as the table says", [](Placed&) {}, std::nullopt},
    {"the first not at the base", [](Placed& p) { p[0].range.base = {0x9000}; }, VirtAddr{0x9000}},
    {"a page left out", [](Placed& p) { p[1].range.base = {0xB000}; }, VirtAddr{0xB000}},
    {"inside the page of another", [](Placed& p) { p[1].range.base = {0x9010}; }, VirtAddr{0x9010}},
    {"aligned, and not packed", [](Placed& p) { p[2].range.base = {0xB000}; }, VirtAddr{0xB000}},
    {"a byte between", [](Placed& p) { p[3].range.base = {0xAC11}; }, VirtAddr{0xAC11}},
    {"a byte shared", [](Placed& p) { p[3].range.base = {0xAC0F}; }, VirtAddr{0xAC0F}},
    {"two exchanged", [](Placed& p) { std::swap(p[1].name, p[2].name); }, VirtAddr{0xA000}},
    {"an empty one", [](Placed& p) { p[2].range.size_bytes = 0, p[3].range.base = {0xAC00}; },
     std::nullopt},
    {"an empty one elsewhere", [](Placed& p) { p[2].range = {{0xAC08}, 0}; }, VirtAddr{0xAC08}},
    {"one of another name", [](Placed& p) { p[3].name = "tail"; }, VirtAddr{0xAC10}},
};

TEST(LayoutPacking, Rows) {
  for (const Row& row : kRows) {
    Placed placed = kSound;
    row.spoil(placed);
    EXPECT_TRUE(mm::FindMisplacedPart(kParts, placed, kBase) == row.misplaced) << row.name;
  }
}

TEST(LayoutPacking, PartsMissingOrTooMany) {
  const std::optional<VirtAddr> fourth(VirtAddr{0xAC10});
  EXPECT_TRUE(mm::FindMisplacedPart(kParts, std::span(kSound).first(3), kBase) == fourth);
  EXPECT_TRUE(mm::FindMisplacedPart(std::span(kParts).first(3), kSound, kBase) == fourth);
  EXPECT_FALSE(mm::FindMisplacedPart({}, {}, kBase).has_value());
}

}  // namespace
