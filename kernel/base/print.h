// Formatted text without an allocator:
//
//   Print(sink, "{} frames at {:#x}, {:<8}|{:>8}\n", count, value, name, size);
//
// {} takes integers, characters, bool, text, and every type with a FormatValue() found by its
// namespace. {:[<|>][#][0][width][x]}: side, 0x prefix, zero padding, width in characters (prefix
// included), hexadecimal. {{ and }} stand for themselves. The format is checked against its
// arguments when it is compiled.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include "kernel/base/print_format.h"

namespace base {

// Takes text: the console, or a test's string.
class Sink {
 public:
  virtual void Write(std::string_view text) = 0;

 protected:
  ~Sink() = default;
};

// A type of your own prints by `constexpr base::FormatArgument FormatValue(const Type&)` beside it.
[[nodiscard]] constexpr FormatArgument FormatValue(bool value) {
  return FormatArgument::Text(value ? "true" : "false");
}
[[nodiscard]] constexpr FormatArgument FormatValue(char value) {
  return FormatArgument::Character(value);
}
[[nodiscard]] constexpr FormatArgument FormatValue(std::string_view value) {
  return FormatArgument::Text(value);
}
[[nodiscard]] constexpr FormatArgument FormatValue(const char* value) {
  return FormatArgument::Text(value);
}
template <std::unsigned_integral T>
[[nodiscard]] constexpr FormatArgument FormatValue(T value) {
  return FormatArgument::Unsigned(value);
}
template <std::signed_integral T>
[[nodiscard]] constexpr FormatArgument FormatValue(T value) {
  return FormatArgument::Signed(value);
}

// Writes `format` with its arguments already erased. Print() below is what to call.
void PrintArguments(Sink& sink, std::string_view format, std::span<const FormatArgument> arguments);

template <class... Arguments>
void Print(Sink& sink, CheckedFormat<std::type_identity_t<Arguments>...> format,
           const Arguments&... arguments) {
  const std::array<FormatArgument, sizeof...(Arguments)> erased = {FormatValue(arguments)...};
  PrintArguments(sink, format.text(), erased);
}

}  // namespace base
