// The format language of print.h: its grammar, and the check of a format against its arguments.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace base {

// One argument, its type erased.
struct FormatArgument {
  enum class Kind : uint8_t { kUnsigned, kSigned, kText, kCharacter, kAddress };

  Kind kind;
  uint64_t number;        // two's complement for kSigned; the character for kCharacter
  std::string_view text;  // kText only

  [[nodiscard]] static constexpr FormatArgument Unsigned(uint64_t value) {
    return {Kind::kUnsigned, value, {}};
  }
  [[nodiscard]] static constexpr FormatArgument Signed(int64_t value) {
    return {Kind::kSigned, static_cast<uint64_t>(value), {}};
  }
  [[nodiscard]] static constexpr FormatArgument Text(std::string_view value) {
    return {Kind::kText, 0, value};
  }
  [[nodiscard]] static constexpr FormatArgument Character(char value) {
    return {Kind::kCharacter, static_cast<unsigned char>(value), {}};
  }
  // A number that {} prints like {:#018x}: all 64 bits of an address.
  [[nodiscard]] static constexpr FormatArgument Address(uint64_t value) {
    return {Kind::kAddress, value, {}};
  }
};

// What stands between the braces.
struct FormatSpec {
  enum class Side : uint8_t { kDefault, kLeft, kRight };

  Side side = Side::kDefault;  // by default numbers stand right and text stands left
  bool prefix = false;         // '#'
  bool zeros = false;          // '0'
  bool hexadecimal = false;    // 'x'
  unsigned width = 0;

  [[nodiscard]] constexpr bool IsPlain() const {
    return side == Side::kDefault && !prefix && !zeros && !hexadecimal && width == 0;
  }
  // Hexadecimal, a prefix or zeros make sense for numbers only.
  [[nodiscard]] constexpr bool NeedsNumber() const { return prefix || zeros || hexadecimal; }
};

inline constexpr unsigned kMaximumFormatWidth = 80;

enum class FormatFault : uint8_t {
  kNone,
  kUnclosedBrace,
  kUnopenedBrace,
  kBadSpec,
  kTooFewArguments,
  kTooManyArguments,
  kNotANumber,
};

// Reads a format piece by piece.
class FormatReader {
 public:
  struct Piece {
    std::string_view text;  // literal text before the argument
    bool has_argument;      // false for the last piece, and after {{ or }}
    FormatSpec spec;
    FormatFault fault;
  };

  constexpr explicit FormatReader(std::string_view format) : rest_(format) {}

  [[nodiscard]] constexpr bool AtLast() const { return rest_.empty(); }

  [[nodiscard]] constexpr Piece Next() {
    const size_t brace = SizeOfLiteral();
    if (brace == rest_.size()) return {Take(brace), false, {}, FormatFault::kNone};
    const bool doubled = brace + 1 < rest_.size() && rest_[brace + 1] == rest_[brace];
    if (doubled) {
      const std::string_view text = Take(brace + 1);
      Take(1);
      return {text, false, {}, FormatFault::kNone};
    }
    if (rest_[brace] == '}') return {Take(brace), false, {}, FormatFault::kUnopenedBrace};
    return Argument(brace);
  }

 private:
  constexpr std::string_view Take(size_t count) {
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  // Up to the first brace. Freestanding code has no find_first_of() that knows how long "{}" is.
  [[nodiscard]] constexpr size_t SizeOfLiteral() const {
    size_t size = 0;
    for (const char character : rest_) {
      if (character == '{' || character == '}') break;
      ++size;
    }
    return size;
  }

  constexpr Piece Argument(size_t brace) {
    const std::string_view text = Take(brace);
    if (rest_.size() > 1 && rest_[1] == '}') {
      Take(2);
      return {text, true, {}, FormatFault::kNone};
    }
    const size_t close = rest_.find('}');
    if (close == std::string_view::npos) return {text, false, {}, FormatFault::kUnclosedBrace};
    const std::string_view inside = Take(close + 1).substr(1, close - 1);
    FormatSpec spec;
    const bool good = Parse(inside, spec);
    return {text, true, spec, good ? FormatFault::kNone : FormatFault::kBadSpec};
  }

  static constexpr bool Parse(std::string_view inside, FormatSpec& spec) {
    if (inside.empty()) return true;
    if (!TakeIf(inside, ':')) return false;
    if (TakeIf(inside, '<')) {
      spec.side = FormatSpec::Side::kLeft;
    } else if (TakeIf(inside, '>')) {
      spec.side = FormatSpec::Side::kRight;
    }
    spec.prefix = TakeIf(inside, '#');
    spec.zeros = TakeIf(inside, '0');
    while (!inside.empty() && inside.front() >= '0' && inside.front() <= '9') {
      spec.width = spec.width * 10 + static_cast<unsigned>(inside.front() - '0');
      if (spec.width > kMaximumFormatWidth) return false;
      inside.remove_prefix(1);
    }
    spec.hexadecimal = TakeIf(inside, 'x');
    const bool prefix_without_hexadecimal = spec.prefix && !spec.hexadecimal;
    return inside.empty() && !prefix_without_hexadecimal;
  }

  static constexpr bool TakeIf(std::string_view& text, char wanted) {
    if (text.empty() || text.front() != wanted) return false;
    text.remove_prefix(1);
    return true;
  }

  std::string_view rest_;
};

// The first fault of `format` for arguments of which the n-th is a number where `is_number[n]`.
[[nodiscard]] constexpr FormatFault FindFormatFault(std::string_view format, const bool* is_number,
                                                    size_t argument_count) {
  FormatReader reader(format);
  size_t used = 0;
  while (!reader.AtLast()) {
    const FormatReader::Piece piece = reader.Next();
    if (piece.fault != FormatFault::kNone) return piece.fault;
    if (!piece.has_argument) continue;
    if (used == argument_count) return FormatFault::kTooFewArguments;
    if (piece.spec.NeedsNumber() && !is_number[used]) return FormatFault::kNotANumber;
    ++used;
  }
  return used == argument_count ? FormatFault::kNone : FormatFault::kTooManyArguments;
}

// Text, characters and bool are not numbers; integers and types with a FormatValue() are.
template <class T>
inline constexpr bool kPrintsAsNumber =
    !std::convertible_to<T, std::string_view> && !std::same_as<std::remove_cvref_t<T>, char> &&
    !std::same_as<std::remove_cvref_t<T>, bool>;

// Not constexpr on purpose: reaching it while compiling is the error message.
inline void FormatDoesNotMatchItsArguments(FormatFault) {}

// A format that was checked when it was compiled.
template <class... Arguments>
class CheckedFormat {
 public:
  template <class Text>
    requires std::convertible_to<const Text&, std::string_view>
  consteval CheckedFormat(const Text& text) : text_(text) {  // NOLINT: converts by design
    constexpr bool kIsNumber[] = {kPrintsAsNumber<Arguments>..., false};
    const FormatFault fault = FindFormatFault(text_, kIsNumber, sizeof...(Arguments));
    if (fault != FormatFault::kNone) FormatDoesNotMatchItsArguments(fault);
  }

  [[nodiscard]] constexpr std::string_view text() const { return text_; }

 private:
  std::string_view text_;
};

}  // namespace base
