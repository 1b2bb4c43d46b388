// The page and the picture of a layout: what they must not leave out.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "kernel/base/print.h"
#include "kernel/mm/facts/layout.h"
#include "layouts/emit_map.h"
#include "layouts/emit_page.h"
#include "layouts/osz.h"
#include "layouts/sos.h"

namespace {

class TextSink final : public base::Sink {
 public:
  void Write(std::string_view text) override { text_ += text; }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

size_t Count(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(EmitPage, HasARowForEachRegionOfEachTable) {
  TextSink page;
  layouts::EmitPage(page, layouts::osz::kLayouts);
  EXPECT_EQ(Count(page.text(), "\n| `0x"), 2 * layouts::osz::kRegionCount);
  EXPECT_EQ(Count(page.text(), "## 48 address bits"), 1U);
  EXPECT_EQ(Count(page.text(), "## 57 address bits"), 1U);
  EXPECT_TRUE(page.text().contains(
      "| `0xffffffff00000000` | `0xffffffff7fffffff` | 2 GiB | lowmem | `---` | `rw-` | global |"));
}

TEST(EmitPageDeathTest, ReasonThatBreaksTheTable) {
  std::array<mm::Region, 1> rows = {layouts::sos::kRegions[5]};
  rows[0].why = "this | that";
  mm::Layout layout = layouts::sos::kLayout;
  layout.regions = rows;
  const std::array<const mm::Layout*, 1> tables = {&layout};
  TextSink page;
  EXPECT_DEATH(layouts::EmitPage(page, tables), "CHECK failed");
}

struct MapRow {
  const char* what;
  size_t first_row;  // of sos
  size_t rows;
  size_t boxes;
};

constexpr MapRow kMapRows[] = {
    {"all rows, which touch", 0, 6, 6},
    {"nothing at the bottom", 1, 5, 6},
    {"nothing at the top", 0, 5, 6},
    {"nothing around", 2, 1, 3},
};

TEST(EmitMap, ShowsRegionsAndWhatLiesBetween) {
  for (const MapRow& row : kMapRows) {
    mm::Layout layout = layouts::sos::kLayout;
    layout.regions = layout.regions.subspan(row.first_row, row.rows);
    const std::array<const mm::Layout*, 1> tables = {&layout};
    TextSink map;
    layouts::EmitMap(map, tables);
    EXPECT_EQ(Count(map.text(), "<rect "), row.boxes) << row.what;
    EXPECT_EQ(Count(map.text(), "no region 0x"), row.boxes - row.rows) << row.what;
    EXPECT_TRUE(map.text().ends_with("</svg>\n")) << row.what;
  }
}

TEST(EmitMap, NamesTheHoleAndEscapesReasons) {
  std::array<mm::Region, 12> rows = layouts::osz::kFourLevelRegions;
  rows[0].why = "a < b & c";
  mm::Layout layout = layouts::osz::kFourLevelLayout;
  layout.regions = rows;
  const std::array<const mm::Layout*, 1> tables = {&layout};
  TextSink map;
  layouts::EmitMap(map, tables);
  EXPECT_TRUE(map.text().contains("no such addresses 0x0000800000000000-0xffff7fffffffffff"));
  EXPECT_TRUE(map.text().contains("a &lt; b &amp; c</title>"));
}

}  // namespace
