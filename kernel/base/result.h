// Results of operations that can fail. Running out of something is normal and is a value; a broken
// invariant is not (see check.h).
#pragma once

#include <cstdint>
#include <expected>
#include <string_view>
#include <utility>

namespace base {

enum class [[nodiscard]] Error : uint8_t {
  kOutOfMemory,
  kInvalidArgument,
  kOutOfRange,
  kNotFound,
  kAlreadyExists,
  kNotAligned,
  kOverlap,
  kUnsupported,
  kCorrupt,
  kNotPermitted,
};

// Functions that return one are [[nodiscard]].
template <class T = void>
using Result = std::expected<T, Error>;

// What a person reads, for example "out of memory".
[[nodiscard]] constexpr std::string_view ErrorName(Error error) {
  switch (error) {
    case Error::kOutOfMemory:
      return "out of memory";
    case Error::kInvalidArgument:
      return "invalid argument";
    case Error::kOutOfRange:
      return "out of range";
    case Error::kNotFound:
      return "not found";
    case Error::kAlreadyExists:
      return "already exists";
    case Error::kNotAligned:
      return "not aligned";
    case Error::kOverlap:
      return "overlap";
    case Error::kUnsupported:
      return "unsupported";
    case Error::kCorrupt:
      return "corrupt";
    case Error::kNotPermitted:
      return "not permitted";
  }
  return "unknown error";
}

}  // namespace base

// The value of a std::expected, or returns its error from the enclosing function. A macro, because
// only a macro can return for its caller.
#define TRY(expression)                              \
  ({                                                 \
    auto&& try_result = (expression);                \
    if (!try_result.has_value()) [[unlikely]] {      \
      return std::unexpected(try_result.error());    \
    }                                                \
    *std::forward<decltype(try_result)>(try_result); \
  })
