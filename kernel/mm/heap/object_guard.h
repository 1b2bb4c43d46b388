// What debug builds write around and into objects, so that misuse shows. A slot of a slab is
//
//   object, as many bytes as were asked for | redzone | how many bytes those were, 4 bytes
//
// and a free slot is filled with poison, unless its cache has a constructor, whose work stays.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/mm/debug.h"

namespace mm::guard {

// What a slot has beyond the object.
inline constexpr size_t kExtraBytes = kDebug ? 16 : 0;

inline constexpr std::byte kFreePoison{0xDF};
inline constexpr std::byte kNewPoison{0xA7};  // in an object nobody has written to yet
inline constexpr std::byte kRedzone{0xBD};

struct Slot {
  std::byte* object;
  size_t bytes;  // all of the slot

  void PoisonFree() const;
  [[nodiscard]] bool IsPoisonedFree() const;

  // Poisons `requested` bytes and writes the redzone behind them.
  void PoisonNew(size_t requested) const;
  void Arm(size_t requested) const;
  // Whether nobody wrote behind the bytes that were asked for.
  [[nodiscard]] bool IsArmed() const;
  // Meaningful while IsArmed().
  [[nodiscard]] size_t requested() const;
};

}  // namespace mm::guard
