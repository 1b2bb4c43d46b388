#include "kernel/mm/facts/layout_digest.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "layouts/kora.h"
#include "layouts/osz.h"
#include "layouts/sos.h"
#include "testing/unit/test.h"

namespace {

using mm::Layout;
using mm::Region;

struct HashRow {
  std::string_view text;
  uint64_t value;
};

// From the test suite that the authors of FNV publish.
TEST(LayoutDigest, Fnv1aKnownAnswers) {
  constexpr HashRow kRows[] = {
      {"", 0xCBF2'9CE4'8422'2325},
      {"a", 0xAF63'DC4C'8601'EC8C},
      {"foobar", 0x8594'4171'F739'67E8},
  };
  for (const HashRow& row : kRows) {
    mm::Fnv1a hash;
    for (const char character : row.text) hash.AddByte(static_cast<uint8_t>(character));
    EXPECT_EQ(hash.value(), row.value) << row.text;
  }
}

struct Change {
  std::string_view name;
  void (*apply)(Layout& layout, Region& region);
};

constexpr Change kChanges[] = {
    {"layout name", [](Layout& layout, Region&) { layout.name = "sot"; }},
    {"address bits", [](Layout& layout, Region&) { ++layout.shape.address_bits; }},
    {"extension",
     [](Layout& layout, Region&) { layout.shape.extension = mm::HardwareShape::Extension::kSign; }},
    {"page size", [](Layout& layout, Region&) { layout.shape.page_bytes *= 2; }},
    {"promised RAM", [](Layout& layout, Region&) { ++layout.promised_ram_bytes; }},
    {"direct map target", [](Layout& layout, Region&) { ++layout.direct_map_target.value; }},
    {"link base", [](Layout& layout, Region&) { ++layout.image_link_base.value; }},
    {"load base", [](Layout& layout, Region&) { ++layout.image_load_base.value; }},
    {"row count",
     [](Layout& layout, Region&) {
       layout.regions = layout.regions.first(layout.regions.size() - 1);
     }},
    {"name", [](Layout&, Region& region) { region.name = "usez"; }},
    {"base", [](Layout&, Region& region) { ++region.range.base.value; }},
    {"size", [](Layout&, Region& region) { ++region.range.size_bytes; }},
    {"user", [](Layout&, Region& region) { region.user = mm::Access::kRead; }},
    {"kernel", [](Layout&, Region& region) { region.kernel = mm::Access::kRead; }},
    {"caching", [](Layout&, Region& region) { region.caching = mm::Caching::kNormal; }},
    {"scope", [](Layout&, Region& region) { region.scope = mm::Scope::kThread; }},
    {"service", [](Layout&, Region& region) { region.service = mm::Service::kLibraries; }},
    {"growth", [](Layout&, Region& region) { region.growth = mm::Growth::kUp; }},
    {"guards", [](Layout&, Region& region) { region.guards = mm::Guards::kAround; }},
    {"why", [](Layout&, Region& region) { region.why = "another reason"; }},
};

TEST(LayoutDigest, EveryFieldCounts) {
  const uint64_t digest = mm::Digest(layouts::sos::kLayout);
  for (const Change& change : kChanges) {
    std::array rows = layouts::sos::kRegions;
    Layout layout = layouts::sos::kLayout;
    layout.regions = rows;
    EXPECT_EQ(mm::Digest(layout), digest) << change.name;
    change.apply(layout, rows[1]);
    EXPECT_NE(mm::Digest(layout), digest) << change.name;
  }
}

TEST(LayoutDigest, TextsDoNotRunTogether) {
  mm::Fnv1a left;
  left.AddText("ab");
  left.AddText("c");
  mm::Fnv1a right;
  right.AddText("a");
  right.AddText("bc");
  EXPECT_NE(left.value(), right.value());
}

TEST(LayoutDigest, TablesDiffer) {
  EXPECT_NE(mm::Digest(layouts::osz::kFourLevelLayout), mm::Digest(layouts::osz::kFiveLevelLayout));
  EXPECT_NE(mm::Digest(layouts::arm_kora::kLayout), mm::Digest(layouts::x86_64_kora::kLayout));
}

}  // namespace
