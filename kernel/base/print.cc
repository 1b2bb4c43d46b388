#include "kernel/base/print.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/print_format.h"

namespace base {
namespace {

using Kind = FormatArgument::Kind;
using Side = FormatSpec::Side;

constexpr FormatSpec kAddressSpec = {
    .prefix = true, .zeros = true, .hexadecimal = true, .width = 18};

constexpr int kDecimal = 10;
constexpr int kHexadecimal = 16;
constexpr size_t kMostDigits = 20;  // 2^64-1 in decimal

// Of which a padding is a part.
constexpr std::string_view kBlanks = "                ";
constexpr std::string_view kZeros = "0000000000000000";

void WritePadding(Sink& sink, std::string_view padding, size_t count) {
  for (; count > padding.size(); count -= padding.size()) sink.Write(padding);
  if (count != 0) sink.Write(padding.substr(0, count));
}

// `prefix` and `body` side by side in a field of spec.width; zeros go between them, blanks outside.
void WritePadded(Sink& sink, const FormatSpec& spec, Side side, std::string_view prefix,
                 std::string_view body) {
  if (spec.width == 0 && prefix.empty()) return sink.Write(body);
  const size_t used = prefix.size() + body.size();
  const size_t padding = spec.width > used ? spec.width - used : 0;
  if (side == Side::kRight && !spec.zeros) WritePadding(sink, kBlanks, padding);
  if (!prefix.empty()) sink.Write(prefix);
  if (spec.zeros) WritePadding(sink, kZeros, padding);
  sink.Write(body);
  if (side == Side::kLeft && !spec.zeros) WritePadding(sink, kBlanks, padding);
}

void WriteNumber(Sink& sink, const FormatSpec& spec, const FormatArgument& argument) {
  const bool negative = argument.kind == Kind::kSigned && static_cast<int64_t>(argument.number) < 0;
  const uint64_t magnitude = negative ? uint64_t{0} - argument.number : argument.number;
  std::array<char, kMostDigits> digits;
  char* const past_digits = digits.data() + digits.size();
  const std::to_chars_result written = std::to_chars(digits.data(), past_digits, magnitude,
                                                     spec.hexadecimal ? kHexadecimal : kDecimal);
  const std::string_view body(digits.data(), static_cast<size_t>(written.ptr - digits.data()));
  constexpr std::string_view kPrefix = "-0x";
  const std::string_view prefix =
      kPrefix.substr(negative ? 0 : 1, (negative ? 1 : 0) + (spec.prefix ? 2 : 0));
  WritePadded(sink, spec, spec.side == Side::kDefault ? Side::kRight : spec.side, prefix, body);
}

void WriteText(Sink& sink, const FormatSpec& spec, std::string_view text) {
  WritePadded(sink, spec, spec.side == Side::kDefault ? Side::kLeft : spec.side, {}, text);
}

void WriteArgument(Sink& sink, const FormatSpec& spec, const FormatArgument& argument) {
  switch (argument.kind) {
    case Kind::kText:
      return WriteText(sink, spec, argument.text);
    case Kind::kCharacter: {
      const char character = static_cast<char>(argument.number);
      return WriteText(sink, spec, {&character, 1});
    }
    case Kind::kAddress:
      return WriteNumber(sink, spec.IsPlain() ? kAddressSpec : spec, argument);
    case Kind::kUnsigned:
    case Kind::kSigned:
      return WriteNumber(sink, spec, argument);
  }
}

}  // namespace

void PrintArguments(Sink& sink, std::string_view format,
                    std::span<const FormatArgument> arguments) {
  FormatReader reader(format);
  size_t used = 0;
  while (!reader.AtLast()) {
    const FormatReader::Piece piece = reader.Next();
    CHECK(piece.fault == FormatFault::kNone);
    if (!piece.text.empty()) sink.Write(piece.text);
    if (!piece.has_argument) continue;
    CHECK(used < arguments.size());
    WriteArgument(sink, piece.spec, arguments[used++]);
  }
}

}  // namespace base
