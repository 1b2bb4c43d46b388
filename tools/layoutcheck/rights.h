// What may be done with a page.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace layoutcheck {

// A set of rights of one side, user or kernel.
enum class Rights : uint8_t {
  kNone = 0,
  kRead = 1,
  kWrite = 2,
  kExecute = 4,
  kAll = kRead | kWrite | kExecute,
};

[[nodiscard]] constexpr Rights operator|(Rights left, Rights right) {
  return static_cast<Rights>(static_cast<uint8_t>(left) | static_cast<uint8_t>(right));
}
[[nodiscard]] constexpr Rights operator&(Rights left, Rights right) {
  return static_cast<Rights>(static_cast<uint8_t>(left) & static_cast<uint8_t>(right));
}
[[nodiscard]] constexpr Rights Without(Rights rights, Rights removed) {
  return static_cast<Rights>(static_cast<uint8_t>(rights) & ~static_cast<uint8_t>(removed));
}
[[nodiscard]] constexpr bool Has(Rights rights, Rights wanted) {
  return (rights & wanted) == wanted;
}

// "rw-" and the like.
[[nodiscard]] inline std::string Text(Rights rights) {
  std::string text = "---";
  if (Has(rights, Rights::kRead)) text[0] = 'r';
  if (Has(rights, Rights::kWrite)) text[1] = 'w';
  if (Has(rights, Rights::kExecute)) text[2] = 'x';
  return text;
}

// How a page is cached, as far as a layout cares.
enum class Cache : uint8_t { kWriteBack, kWriteThrough, kUncached, kDevice };

[[nodiscard]] constexpr std::string_view Text(Cache cache) {
  switch (cache) {
    case Cache::kWriteBack:
      return "write-back";
    case Cache::kWriteThrough:
      return "write-through";
    case Cache::kUncached:
      return "uncached";
    case Cache::kDevice:
      return "device";
  }
  return "unknown";
}

[[nodiscard]] constexpr bool IsCached(Cache cache) {
  return cache == Cache::kWriteBack || cache == Cache::kWriteThrough;
}

// Whether a translation serves every address space.
enum class Reach : uint8_t { kGlobal, kOneSpace };

// What one mapping grants. `kernel` is what the hardware lets the kernel do while it means to touch
// user memory (x86_64: with EFLAGS.AC set where there is SMAP).
struct Attributes {
  Rights user = Rights::kNone;
  Rights kernel = Rights::kNone;
  Reach reach = Reach::kOneSpace;
  Cache cache = Cache::kWriteBack;

  friend constexpr bool operator==(const Attributes&, const Attributes&) = default;
};

}  // namespace layoutcheck
