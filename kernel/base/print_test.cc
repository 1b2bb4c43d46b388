#include "kernel/base/print.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string_view>
#include <type_traits>

#include "kernel/base/print_format.h"
#include "testing/unit/test.h"
#include "testing/unit/text_buffer.h"

namespace {

using base::FormatFault;

struct Celsius {
  int degrees;
};
constexpr base::FormatArgument FormatValue(Celsius temperature) {
  return base::FormatArgument::Signed(temperature.degrees);
}

template <class... Arguments>
void ExpectPrints(std::string_view wanted,
                  base::CheckedFormat<std::type_identity_t<Arguments>...> format,
                  const Arguments&... arguments) {
  unit::TextBuffer buffer;
  base::Print(buffer, format, arguments...);
  EXPECT_EQ(buffer.text(), wanted) << wanted;
}

TEST(Print, Text) {
  ExpectPrints("", "");
  ExpectPrints("plain", "plain");
  ExpectPrints("{}", "{{}}");
  ExpectPrints("a{b}c", "a{{b}}c");
  ExpectPrints("one, two", "{}, {}", "one", std::string_view("two"));
  ExpectPrints("<  one>", "<{:>5}>", "one");
  ExpectPrints("<one  >", "<{:<5}>", "one");
  ExpectPrints("<one  >", "<{:5}>", "one");
  ExpectPrints("<longer>", "<{:3}>", "longer");
  ExpectPrints("x true false", "{} {} {}", 'x', true, false);
}

TEST(Print, Numbers) {
  ExpectPrints("0", "{}", 0);
  ExpectPrints("-1", "{}", -1);
  ExpectPrints("255 ff 0xff", "{} {:x} {:#x}", uint8_t{255}, uint8_t{255}, uint8_t{255});
  ExpectPrints("18446744073709551615", "{}", std::numeric_limits<uint64_t>::max());
  ExpectPrints("-9223372036854775808", "{}", std::numeric_limits<int64_t>::min());
  ExpectPrints("-0x10 -10", "{:#x} {:x}", -16, -16);
  ExpectPrints("ffffffffffffffff", "{:x}", std::numeric_limits<uint64_t>::max());
}

TEST(Print, Fields) {
  ExpectPrints("<   42>", "<{:5}>", 42);
  ExpectPrints("<42   >", "<{:<5}>", 42);
  ExpectPrints("<   42>", "<{:>5}>", 42);
  ExpectPrints("<00042>", "<{:05}>", 42);
  ExpectPrints("<-0042>", "<{:05}>", -42);
  ExpectPrints("<000000000000abcd>", "<{:016x}>", 0xABCD);
  ExpectPrints("<0x0000abcd>", "<{:#010x}>", 0xABCD);
  ExpectPrints("<    0xabcd>", "<{:#10x}>", 0xABCD);
  ExpectPrints("<0xabcd    >", "<{:<#10x}>", 0xABCD);
  ExpectPrints("<12345>", "<{:3}>", 12345);
}

TEST(Print, OwnTypes) {
  ExpectPrints("-5 degrees", "{} degrees", Celsius{-5});
  ExpectPrints("<  21>", "<{:4}>", Celsius{21});
}

TEST(Print, Addresses) {
  unit::TextBuffer buffer;
  const base::FormatArgument address = base::FormatArgument::Address(0xFFFF'8000'0000'1000);
  const base::FormatArgument low = base::FormatArgument::Address(0x1000);
  base::PrintArguments(buffer, "{} {} {:x}", std::array{address, low, low});
  EXPECT_EQ(buffer.text(), "0xffff800000001000 0x0000000000001000 1000");
}

struct FaultRow {
  std::string_view format;
  bool is_number;  // the only argument
  FormatFault fault;
};

// The same function refuses bad formats while compiling: testing/compile_fail has those.
TEST(Print, FaultsOfFormats) {
  constexpr FaultRow kRows[] = {
      {"{}", true, FormatFault::kNone},
      {"{:x}", true, FormatFault::kNone},
      {"{:80}", true, FormatFault::kNone},
      {"", true, FormatFault::kTooManyArguments},
      {"{{}}", true, FormatFault::kTooManyArguments},
      {"{} {}", true, FormatFault::kTooFewArguments},
      {"{", true, FormatFault::kUnclosedBrace},
      {"{} {", true, FormatFault::kUnclosedBrace},
      {"}", true, FormatFault::kUnopenedBrace},
      {"{} }", true, FormatFault::kUnopenedBrace},
      {"{x}", true, FormatFault::kBadSpec},
      {"{0}", true, FormatFault::kBadSpec},
      {"{:y}", true, FormatFault::kBadSpec},
      {"{:x0}", true, FormatFault::kBadSpec},
      {"{:#}", true, FormatFault::kBadSpec},
      {"{:81}", true, FormatFault::kBadSpec},
      {"{:99999999999999999999}", true, FormatFault::kBadSpec},
      {"{:x}", false, FormatFault::kNotANumber},
      {"{:08}", false, FormatFault::kNotANumber},
      {"{:>8}", false, FormatFault::kNone},
  };
  for (const FaultRow& row : kRows) {
    EXPECT_EQ(base::FindFormatFault(row.format, &row.is_number, 1), row.fault) << row.format;
  }
}

}  // namespace
