#include "kernel/base/print_size.h"

#include <cstdint>
#include <limits>
#include <string_view>

#include "testing/unit/test.h"
#include "testing/unit/text_buffer.h"

namespace {

struct Row {
  uint64_t bytes;
  std::string_view wanted;
};

constexpr Row kRows[] = {
    {0, "        0 B  "},
    {1, "        1 B  "},
    {1023, "     1023 B  "},
    {1024, "        1 KiB"},
    {1025, "     1025 B  "},
    {0x10'0000, "        1 MiB"},
    {0x1FFD'F000, "   524156 KiB"},
    {0x8000'0000, "        2 GiB"},
    {uint64_t{1} << 47, "      128 TiB"},
    {uint64_t{1} << 63, "     8192 PiB"},
    {std::numeric_limits<uint64_t>::max(), "18446744073709551615 B  "},  // wider, but whole
};

TEST(PrintSize, LargestUnitWithoutAFraction) {
  for (const Row& row : kRows) {
    unit::TextBuffer buffer;
    base::PrintSize(buffer, row.bytes);
    EXPECT_EQ(buffer.text(), row.wanted) << row.wanted;
  }
}

TEST(PrintSize, Bare) {
  for (const Row& row : kRows) {
    unit::TextBuffer buffer;
    base::PrintBareSize(buffer, row.bytes);
    const std::string_view wanted =
        row.wanted.substr(row.wanted.find_first_not_of(' '),
                          row.wanted.find_last_not_of(' ') + 1 - row.wanted.find_first_not_of(' '));
    EXPECT_EQ(buffer.text(), wanted) << row.wanted;
  }
}

}  // namespace
