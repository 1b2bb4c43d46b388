#include "tools/layoutcheck/layout.h"

#include <format>
#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace layoutcheck {
namespace {

// The smallest table that can be written.
constexpr std::string_view kSmall = R"({"layout": "small", "address_bits": 32, "regions": [
  {"name": "low", "first": 0, "last": "0xfff", "user": "---", "kernel": "r--"}]})";

TEST(Layout, Smallest) {
  const auto layouts = ReadLayouts(kSmall);
  ASSERT_TRUE(layouts.has_value()) << layouts.error();
  ASSERT_EQ(layouts->size(), 1u);
  const Layout& layout = layouts->front();
  EXPECT_EQ(layout.name, "small");
  EXPECT_EQ(layout.digest, "");
  EXPECT_EQ(layout.address_bits, 32u);
  EXPECT_FALSE(layout.direct_map_target.has_value());
  ASSERT_EQ(layout.regions.size(), 1u);
  const Region& region = layout.regions.front();
  EXPECT_EQ(region.name, "low");
  EXPECT_EQ(region.last, VirtualAddress{0xFFF});
  EXPECT_EQ(region.user, Rights::kNone);
  EXPECT_EQ(region.kernel, Rights::kRead);
  EXPECT_EQ(region.service, Service::kPlain);
  EXPECT_EQ(region.guards, Guards::kNone);
  EXPECT_FALSE(region.reach.has_value());
  EXPECT_FALSE(region.caching.has_value());
}

TEST(Layout, ChoosesTheOneForTheMachine) {
  constexpr HighBits kSign = HighBits::kSign;
  constexpr HighBits kZero = HighBits::kZero;
  struct Shape {
    unsigned bits;
    HighBits high_bits;
  };
  const struct {
    std::vector<Shape> tables;
    unsigned machine;
    unsigned chosen;  // bits; 0: none
  } kRows[] = {
      {{{48, kSign}, {57, kSign}}, 57, 57},
      {{{48, kSign}, {57, kSign}}, 48, 48},
      {{{48, kSign}}, 57, 0},
      {{{32, kZero}}, 48, 32},
      {{{32, kZero}, {48, kSign}}, 48, 48},
      {{{32, kZero}, {32, kZero}}, 48, 0},
      {{{48, kSign}}, 32, 0},
      {{{40, kZero}}, 32, 0},
      {{{48, kSign}, {48, kSign}}, 48, 0},
  };
  for (const auto& row : kRows) {
    std::vector<Layout> layouts;
    for (const Shape& shape : row.tables) {
      layouts.push_back(ReadLayouts(kSmall)->front());
      layouts.back().address_bits = shape.bits;
      layouts.back().high_bits = shape.high_bits;
    }
    const auto chosen = ChooseLayout(std::move(layouts), row.machine);
    EXPECT_EQ(chosen ? chosen->address_bits : 0, row.chosen) << row.machine;
  }
}

TEST(Layout, EveryKey) {
  const auto layouts = ReadLayouts(R"([{
    "layout": "big", "digest": "0123", "address_bits": 48, "extension": "sign",
    "page_bytes": 4096, "promised_ram_bytes": 1048576, "direct_map_target": "0x40000000",
    "image_link_base": "0xffff800000001000", "image_load_base": "0x40001000",
    "regions": [
      {"name": "user", "first": "0x1000", "last": "0x7fffffffffff", "user": "w^x",
       "kernel": "---", "caching": "device", "scope": "process", "service": "program",
       "growth": "up", "guards": "below", "why": "because"},
      {"name": "direct", "first": "0xffff800000000000", "last": "0xffff8000000fffff",
       "user": "---", "kernel": "rw-", "caching": "normal", "scope": "global",
       "service": "direct map", "growth": "fixed", "guards": "none", "why": "because"}],
    "image_parts": [
      {"name": "text", "start": "page", "user": "r-x", "kernel": "r-x", "growth": "fixed",
       "why": "because"},
      {"name": "data", "user": "---", "kernel": "rw-"}],
    "process_parts": [{"name": "heap", "user": "rw-", "kernel": "---"}]}])");
  ASSERT_TRUE(layouts.has_value()) << layouts.error();
  const Layout& layout = layouts->front();
  EXPECT_EQ(layout.digest, "0123");
  EXPECT_EQ(layout.direct_map_target, PhysicalAddress{0x40000000});
  EXPECT_EQ(layout.image_link_base, VirtualAddress{0xFFFF800000001000});
  EXPECT_EQ(layout.image_load_base, PhysicalAddress{0x40001000});
  ASSERT_EQ(layout.regions.size(), 2u);
  EXPECT_EQ(layout.regions[0].user, Rights::kAll);
  EXPECT_EQ(layout.regions[0].guards, Guards::kBelow);
  EXPECT_EQ(layout.regions[0].caching, Caching::kMixed);
  EXPECT_EQ(layout.regions[0].reach, Reach::kOneSpace);
  EXPECT_EQ(layout.regions[1].service, Service::kDirectMap);
  EXPECT_EQ(layout.regions[1].reach, Reach::kGlobal);
  ASSERT_EQ(layout.image_parts.size(), 2u);
  EXPECT_EQ(layout.image_parts[0].name, "text");
  EXPECT_EQ(layout.image_parts[0].user, Rights::kRead | Rights::kExecute);
  EXPECT_EQ(layout.image_parts[1].kernel, Rights::kRead | Rights::kWrite);
  EXPECT_EQ(FindRegion(layout, {0xFFF}), nullptr);
  EXPECT_EQ(FindRegion(layout, {0x1000}), &layout.regions[0]);
  EXPECT_EQ(FindRegion(layout, {0x7FFFFFFFFFFF}), &layout.regions[0]);
  EXPECT_EQ(FindRegion(layout, {0x800000000000}), nullptr);
  EXPECT_EQ(FindRegion(layout, {0xFFFF8000000FFFFF}), &layout.regions[1]);
  EXPECT_EQ(FindRegion(layout, {0xFFFF800000100000}), nullptr);
}

struct TextRow {
  std::string_view text;
  std::string_view mistake;  // part of it
};

constexpr TextRow kTexts[] = {
    {"", "unexpected end of input"},
    {"{", "line 1, column 2"},
    {"[{}", "unexpected end of input"},
    {"[]", "there is no table"},
    {"7", "table 1: is no object"},
    {"[7]", "table 1: is no object"},
    {"{}", "table 1: \"layout\": is missing"},
    {R"({"layout": 7})", "table 1: \"layout\": 7 is no text"},
    {R"({"layout": "a"})", "table 1: \"address_bits\": is missing"},
    {R"({"layout": "a", "address_bits": 32})", "table 1: \"regions\": is missing"},
    {R"({"layout": "a", "address_bits": 31, "regions": []})", "is 31, and 32 to 64 are known"},
    {R"({"layout": "a", "address_bits": 4294967328, "regions": []})", "32 to 64 are known"},
    {R"({"layout": "a", "address_bits": 32, "regions": []})", "\"regions\": is empty"},
    {R"({"layout": "a", "address_bits": 32, "regions": {}})", "\"regions\": is no array"},
    {R"({"layout": "a", "address_bits": 32, "regions": [7]})", "table 1, region 1: is no object"},
    {R"({"layout": "a", "layout": "b"})", "the key \"layout\" is there twice"},
    {R"({"layout": "a", "address_bits": 32, "page_bytes": 1024})", "only 4096 is known"},
    {R"({"layout": "a", "address_bits": 32, "image_parts": 7, "regions": [
         {"name": "b", "first": 0, "last": 4095, "user": "---", "kernel": "---"}]})",
     "\"image_parts\": is no array"},
    {R"({"layout": "a", "address_bits": 32, "image_parts": [{"name": "t"}], "regions": [
         {"name": "b", "first": 0, "last": 4095, "user": "---", "kernel": "---"}]})",
     "table 1, image_parts 1: \"user\": is missing"},
    {R"({"layout": "a", "address_bits": 32, "process_parts": [
         {"name": "t", "user": "---", "kernel": "---", "colour": "red"}], "regions": [
         {"name": "b", "first": 0, "last": 4095, "user": "---", "kernel": "---"}]})",
     "table 1, process_parts 1: \"colour\": is an unknown key"},
    {R"({"layout": "a", "address_bits": 32, "extension": "wide"})",
     "\"wide\" is none of \"sign\", \"zero\""},
};

TEST(Layout, BrokenTexts) {
  for (const TextRow& row : kTexts) {
    const auto layouts = ReadLayouts(row.text);
    ASSERT_FALSE(layouts.has_value()) << row.text;
    EXPECT_TRUE(layouts.error().contains(row.mistake)) << row.text << ": " << layouts.error();
  }
}

TEST(Layout, TooManyBrackets) {
  const auto layouts = ReadLayouts(std::string(100'000, '['));
  ASSERT_FALSE(layouts.has_value());
  EXPECT_EQ(layouts.error(), "more than 64 brackets are open");
}

// Keys added to a table of 48 bits with one region, or to a second region of it.
struct KeyRow {
  std::string_view in_table;
  std::string_view second_region;
  std::string_view mistake;
};

constexpr KeyRow kKeys[] = {
    {R"("colour": 7,)", "", "table 1: \"colour\": is an unknown key"},
    {R"("digest": 7,)", "", "table 1: \"digest\": 7 is no text"},
    {R"("direct_map_target": "4k",)", "", "\"4k\" is no number from 0 to 2^64-1"},
    {R"("direct_map_target": -1,)", "", "-1 is no number"},
    {R"("direct_map_target": 1.5,)", "", "1.5 is no number"},
    {R"("direct_map_target": "0x10000000000000000",)", "", "is no number"},
    {R"("direct_map_target": "0x",)", "", "is no number"},
    {R"("image_link_base": "0x1000",)", "", "comes with \"image_load_base\""},
    {R"("promised_ram_bytes": 4097,)", "", "the direct map has less room"},
    {"", R"({"first": 4096, "last": 8191, "user": "---", "kernel": "---"})",
     "table 1, region 2: \"name\": is missing"},
    {"", R"({"name": "b", "last": 8191, "user": "---", "kernel": "---"})",
     "table 1, region 2 'b': \"first\": is missing"},
    {"", R"({"name": "b", "first": 4096, "last": 8191, "kernel": "---"})",
     "region 2 'b': \"user\": is missing"},
    {"", R"({"name": "b", "first": 4096, "last": 8191, "user": "rw", "kernel": "---"})",
     "\"user\": \"rw\" are no rights"},
    {"", R"({"name": "b", "first": 4096, "last": 8191, "user": "wr-", "kernel": "---"})",
     "\"user\": \"wr-\" are no rights"},
    {"", R"({"name": "b", "first": 4095, "last": 8191, "user": "---", "kernel": "---"})",
     "\"first\": does not begin a page"},
    {"", R"({"name": "b", "first": 4096, "last": 8192, "user": "---", "kernel": "---"})",
     "\"last\": does not end a page"},
    {"", R"({"name": "b", "first": 8192, "last": 8191, "user": "---", "kernel": "---"})",
     "\"last\": lies before \"first\""},
    {"", R"({"name": "b", "first": 0, "last": 8191, "user": "---", "kernel": "---"})",
     "\"first\": lies before the end of region 'a'"},
    {"",
     R"({"name": "b", "first": "0x800000000000", "last": "0x800000000fff", "user": "---",
         "kernel": "---"})",
     "\"first\": 0x0000800000000000 is no address of 48 bits"},
    {"",
     R"({"name": "b", "first": 4096, "last": "0x800000000fff", "user": "---", "kernel": "---"})",
     "\"last\": 0x0000800000000fff is no address of 48 bits"},
    {"",
     R"({"name": "b", "first": 4096, "last": 8191, "user": "---", "kernel": "r--",
         "service": "unused"})",
     "an unused region has no rights"},
    {"",
     R"({"name": "b", "first": 4096, "last": 8191, "user": "---", "kernel": "r--",
         "scope": "local"})",
     "\"local\" is none of \"global\", \"process\", \"thread\""},
    {"",
     R"({"name": "b", "first": 4096, "last": 8191, "user": "---", "kernel": "r--",
         "guards": "above"})",
     "\"above\" is none of \"none\", \"below\", \"around\""},
    {"",
     R"({"name": "b", "first": 4096, "last": 8191, "user": "---", "kernel": "r--",
         "caching": "off"})",
     "\"off\" is none of"},
    {"",
     R"({"name": "b", "first": 4096, "last": 8191, "user": "---", "kernel": "r--",
         "gards": "none"})",
     "region 2 'b': \"gards\": is an unknown key"},
};

TEST(Layout, BadKeys) {
  for (const KeyRow& row : kKeys) {
    const std::string text = std::format(
        R"({{"layout": "a", "address_bits": 48, {} "regions": [{{"name": "a", "first": 0,
            "last": 4095, "user": "---", "kernel": "rw-", "service": "direct map"}}{}{}]}})",
        row.in_table, row.second_region.empty() ? "" : ", ", row.second_region);
    const auto layouts = ReadLayouts(text);
    ASSERT_FALSE(layouts.has_value()) << text;
    EXPECT_TRUE(layouts.error().contains(row.mistake)) << text << "\n" << layouts.error();
  }
}

}  // namespace
}  // namespace layoutcheck
