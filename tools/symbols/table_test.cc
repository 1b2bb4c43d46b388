#include "tools/symbols/table.h"

#include "gtest/gtest.h"

namespace symbols {
namespace {

constexpr uint64_t kStart = 0xffff'ffff'8010'0000;

TextSymbol Function(std::string name, uint64_t offset, uint64_t size_bytes = 16) {
  return {std::move(name), kStart + offset, size_bytes, TextSymbol::Kind::kFunction,
          TextSymbol::Binding::kGlobal};
}

TextSymbol Label(std::string name, uint64_t offset) {
  return {std::move(name), kStart + offset, 0, TextSymbol::Kind::kLabel,
          TextSymbol::Binding::kGlobal};
}

ElfImage Image(std::vector<TextSymbol> text) {
  return {.text = std::move(text), .image_start = kStart, .text_limit = kStart + 0x1000};
}

TEST(MakeTableTest, PrefersFunctionsToLabelsAndEndsWhereTheTextEnds) {
  const auto table =
      MakeTable(Image({Label("image_start", 0), Function("start", 0), Label("again", 8),
                       Function("_ZN6kernel4MainEv", 0x20), Label("image_text_limit", 0x1000)}));
  ASSERT_TRUE(table.has_value()) << table.error();
  EXPECT_EQ(*table, (std::vector<TableEntry>{
                        {0, "start"}, {8, "again"}, {0x20, "kernel::Main"}, {0x1000, ""}}));
}

TEST(MakeTableTest, LeavesOutWhatIsLinkedElsewhere) {
  TextSymbol boot = Function("boot", 0);
  boot.address = 0x10'0000;
  EXPECT_EQ(MakeTable(Image({boot, Function("start", 0)}))->size(), 2U);
}

TEST(MakeTableTest, NeedsTheBoundsOfTheText) {
  EXPECT_EQ(MakeTable({.text = {}, .image_start = {}, .text_limit = kStart}).error(),
            "does not define image_start");
  EXPECT_EQ(MakeTable({.text = {}, .image_start = kStart, .text_limit = {}}).error(),
            "does not define image_text_limit");
  EXPECT_FALSE(
      MakeTable({.text = {}, .image_start = kStart, .text_limit = kStart - 1}).has_value());
  EXPECT_FALSE(MakeTable(Image({})).has_value());
}

TEST(ToAssemblyTest, PointsEachEntryAtItsName) {
  const std::string assembly = ToAssembly({{0, "start"}, {0x20, "Main"}, {0x1000, ""}});
  EXPECT_NE(assembly.find("    .long 0x0, 0\n    .long 0x20, 6\n    .long 0x1000, 11\n"),
            std::string::npos)
      << assembly;
  EXPECT_NE(assembly.find("symbol_table_name_bytes:\n    .long 12\n"), std::string::npos)
      << assembly;
}

TEST(CheckSameTextTest, NamesTheFirstDifference) {
  const ElfImage image = Image({Function("start", 0), Function("Main", 0x20)});
  EXPECT_TRUE(CheckSameText(image, image).has_value());
  EXPECT_EQ(CheckSameText(image, Image({Function("start", 0), Function("Main", 0x30)})).error(),
            "first link: Main at 0xffffffff80100020, 16 bytes; second link: Main at "
            "0xffffffff80100030, 16 bytes");
  EXPECT_EQ(CheckSameText(image, Image({Function("start", 0)})).error(),
            "first link: Main at 0xffffffff80100020, 16 bytes; second link: nothing");
  EXPECT_FALSE(
      CheckSameText(image, Image({Function("start", 0, 17), Function("Main", 0x20)})).has_value());
}

}  // namespace
}  // namespace symbols
