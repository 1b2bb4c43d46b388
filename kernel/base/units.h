// Sizes in bytes, written as people say them: 4_KiB, 2_MiB. A size that does not fit 64 bits does
// not compile.
#pragma once

#include <cstdint>
#include <limits>

#include "kernel/base/check.h"

namespace base {

inline constexpr unsigned kKiBShift = 10;
inline constexpr unsigned kMiBShift = 20;
inline constexpr unsigned kGiBShift = 30;
inline constexpr unsigned kTiBShift = 40;
inline constexpr unsigned kPiBShift = 50;

consteval uint64_t ScaleUnit(unsigned long long count, unsigned shift) {
  CHECK(count <= std::numeric_limits<uint64_t>::max() >> shift);
  return uint64_t{count} << shift;
}

inline namespace literals {

consteval uint64_t operator""_KiB(unsigned long long count) { return ScaleUnit(count, kKiBShift); }
consteval uint64_t operator""_MiB(unsigned long long count) { return ScaleUnit(count, kMiBShift); }
consteval uint64_t operator""_GiB(unsigned long long count) { return ScaleUnit(count, kGiBShift); }
consteval uint64_t operator""_TiB(unsigned long long count) { return ScaleUnit(count, kTiBShift); }
consteval uint64_t operator""_PiB(unsigned long long count) { return ScaleUnit(count, kPiBShift); }

}  // namespace literals
}  // namespace base
