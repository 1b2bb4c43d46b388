// The sizes that the kernel heap rounds to.
//
// Above 512 bytes a class is an even share of a 64 KiB slab, 64 KiB / n rounded down to 16 bytes,
// so a slab has hardly any tail; n goes so that there are about 16 classes in each doubling up to 4
// KiB. Below, classes are the multiples of 16. Powers of two are classes, and objects of a class
// are aligned to the largest power of two that divides its size, up to a page.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernel/base/check.h"

namespace mm {

inline constexpr size_t kSizeStep = 16;
inline constexpr size_t kMaxClassBytes = 16384;

namespace size_class_internal {

inline constexpr size_t kSharedBytes = 65536;
// Up to here classes are all multiples of kSizeStep.
inline constexpr size_t kLinearBytes = 512;
inline constexpr size_t kStepsPerDoubling = 16;

// How far n moves from one class to the next smaller one.
constexpr size_t ShareStep(size_t shares) {
  return shares < 2 * kStepsPerDoubling ? 1 : std::bit_floor(shares) / kStepsPerDoubling;
}

constexpr size_t CountShares() {
  size_t count = 0;
  for (size_t n = kSharedBytes / kMaxClassBytes; n < kSharedBytes / kLinearBytes;
       n += ShareStep(n)) {
    ++count;
  }
  return count;
}

inline constexpr size_t kCount = kLinearBytes / kSizeStep + CountShares();

constexpr std::array<uint16_t, kCount> MakeBytes() {
  std::array<uint16_t, kCount> bytes{};
  size_t index = kCount;
  for (size_t n = kSharedBytes / kMaxClassBytes; n < kSharedBytes / kLinearBytes;
       n += ShareStep(n)) {
    bytes[--index] = static_cast<uint16_t>(kSharedBytes / n / kSizeStep * kSizeStep);
  }
  while (index > 0) {
    bytes[index - 1] = static_cast<uint16_t>(index * kSizeStep);
    --index;
  }
  return bytes;
}

}  // namespace size_class_internal

inline constexpr size_t kSizeClassCount = size_class_internal::kCount;

// Ascending.
inline constexpr std::array<uint16_t, kSizeClassCount> kSizeClassBytes =
    size_class_internal::MakeBytes();

namespace size_class_internal {

constexpr std::array<uint8_t, kMaxClassBytes / kSizeStep + 1> MakeClasses() {
  std::array<uint8_t, kMaxClassBytes / kSizeStep + 1> classes{};
  uint8_t index = 0;
  for (size_t steps = 0; steps < classes.size(); ++steps) {
    if (steps * kSizeStep > kSizeClassBytes[index]) ++index;
    classes[steps] = index;
  }
  return classes;
}

inline constexpr std::array<uint8_t, kMaxClassBytes / kSizeStep + 1> kClasses = MakeClasses();

}  // namespace size_class_internal

// The smallest class that holds `bytes` <= kMaxClassBytes. One table load.
[[nodiscard]] constexpr size_t SizeClassOf(size_t bytes) {
  return size_class_internal::kClasses.data()[(bytes + kSizeStep - 1) / kSizeStep];
}

// What objects of `bytes`, packed from a page's start, are all aligned to; at most a page.
[[nodiscard]] constexpr size_t NaturalAlignment(size_t bytes) {
  constexpr size_t kPage = 4096;
  return size_t{1} << std::countr_zero(bytes | kPage);
}

}  // namespace mm
