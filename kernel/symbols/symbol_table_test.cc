#include "kernel/symbols/symbol_table.h"

#include <array>

#include "gtest/gtest.h"

namespace kernel {
namespace {

using namespace std::string_view_literals;

// The image: 8 bytes before the first function, Start at 8, Main at 32, nothing from 80 on.
constexpr std::array kEntries = {SymbolEntry{8, 0}, SymbolEntry{32, 6}, SymbolEntry{80, 11}};
constexpr SymbolTable kTable = {kEntries, "Start\0Main\0\0"sv};

struct Lookup {
  const char* what;
  uint64_t image_offset;
  std::string_view name;  // empty: no function there
  uint64_t offset;
};

constexpr Lookup kLookups[] = {
    {"before the first function", 7, "", 0},
    {"first instruction", 8, "Start", 0},
    {"last byte of a function", 31, "Start", 23},
    {"first byte of the next one", 32, "Main", 0},
    {"last byte of the text", 79, "Main", 47},
    {"behind the text", 80, "", 0},
    {"far behind the text", 0xffff'ffff'ffff'ffff, "", 0},
};

TEST(FindSymbolTest, FindsTheFunctionThatHoldsAnOffset) {
  for (const Lookup& lookup : kLookups) {
    const std::optional<SymbolPlace> place = FindSymbol(kTable, lookup.image_offset);
    ASSERT_EQ(place.has_value(), !lookup.name.empty()) << lookup.what;
    if (!place) continue;
    EXPECT_EQ(place->name, lookup.name) << lookup.what;
    EXPECT_EQ(place->offset, lookup.offset) << lookup.what;
  }
}

TEST(FindSymbolTest, AnEmptyTableHoldsNothing) { EXPECT_EQ(FindSymbol({}, 8), std::nullopt); }

TEST(FindSymbolTest, ANameOutsideTheNamesIsNoSymbol) {
  constexpr std::array kBroken = {SymbolEntry{8, 400}};
  EXPECT_EQ(FindSymbol({kBroken, "Start\0"sv}, 8), std::nullopt);
}

TEST(FindSymbolTest, ANameWithoutItsZeroEndsWithTheNames) {
  constexpr std::array kUnterminated = {SymbolEntry{0, 0}};
  EXPECT_EQ(FindSymbol({kUnterminated, "Sta"sv}, 0)->name, "Sta");
}

}  // namespace
}  // namespace kernel
