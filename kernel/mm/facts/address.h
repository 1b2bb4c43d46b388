// Addresses, frames and counts of pages as types of their own: a physical address does not turn
// into a virtual one, nor a number into either, unless somebody writes so. Addresses have 64 bits
// on every build, so that the host tests hold the tables of all machines at once.
#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <limits>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/print_format.h"

namespace mm {

// The page of every machine here; frames are counted in it.
inline constexpr unsigned kPageShift = 12;
inline constexpr uint64_t kPageSize = uint64_t{1} << kPageShift;

struct PhysAddr {
  uint64_t value = 0;
  friend constexpr auto operator<=>(const PhysAddr&, const PhysAddr&) = default;
};

struct VirtAddr {
  uint64_t value = 0;
  friend constexpr auto operator<=>(const VirtAddr&, const VirtAddr&) = default;
};

// A physical address divided by the page size.
struct FrameNumber {
  uint64_t value = 0;
  friend constexpr auto operator<=>(const FrameNumber&, const FrameNumber&) = default;
};

struct PageCount {
  uint64_t value = 0;
  friend constexpr auto operator<=>(const PageCount&, const PageCount&) = default;

  // CHECKed: a count that does not fit in bytes is a bug.
  [[nodiscard]] constexpr uint64_t bytes() const {
    CHECK(value <= std::numeric_limits<uint64_t>::max() >> kPageShift);
    return value << kPageShift;
  }
};

template <class T>
concept Address = std::same_as<T, PhysAddr> || std::same_as<T, VirtAddr>;

// Arithmetic by bytes and pages. Leaving the 64-bit space fails a CHECK.
template <Address A>
[[nodiscard]] constexpr A operator+(A address, uint64_t bytes) {
  CHECK(bytes <= std::numeric_limits<uint64_t>::max() - address.value);
  return A{address.value + bytes};
}
template <Address A>
[[nodiscard]] constexpr A operator-(A address, uint64_t bytes) {
  CHECK(bytes <= address.value);
  return A{address.value - bytes};
}
template <Address A>
[[nodiscard]] constexpr A operator+(A address, PageCount pages) {
  return address + pages.bytes();
}
template <Address A>
[[nodiscard]] constexpr A operator-(A address, PageCount pages) {
  return address - pages.bytes();
}
// Bytes from `low` up to `high`; `low` <= `high`.
template <Address A>
[[nodiscard]] constexpr uint64_t operator-(A high, A low) {
  CHECK(low <= high);
  return high.value - low.value;
}

[[nodiscard]] constexpr FrameNumber operator+(FrameNumber frame, PageCount pages) {
  CHECK(pages.value <= std::numeric_limits<uint64_t>::max() - frame.value);
  return {frame.value + pages.value};
}
[[nodiscard]] constexpr FrameNumber operator-(FrameNumber frame, PageCount pages) {
  CHECK(pages.value <= frame.value);
  return {frame.value - pages.value};
}
[[nodiscard]] constexpr PageCount operator-(FrameNumber high, FrameNumber low) {
  CHECK(low <= high);
  return {high.value - low.value};
}
[[nodiscard]] constexpr PageCount operator+(PageCount left, PageCount right) {
  CHECK(right.value <= std::numeric_limits<uint64_t>::max() - left.value);
  return {left.value + right.value};
}
[[nodiscard]] constexpr PageCount operator-(PageCount left, PageCount right) {
  CHECK(right <= left);
  return {left.value - right.value};
}
constexpr PageCount& operator+=(PageCount& left, PageCount right) { return left = left + right; }
constexpr PageCount& operator-=(PageCount& left, PageCount right) { return left = left - right; }

template <Address A>
[[nodiscard]] constexpr bool IsAligned(A address, uint64_t alignment) {
  return base::IsAligned(address.value, alignment);
}
template <Address A>
[[nodiscard]] constexpr A AlignDown(A address, uint64_t alignment) {
  return A{base::AlignDown(address.value, alignment)};
}
template <Address A>
[[nodiscard]] constexpr A AlignUp(A address, uint64_t alignment) {
  return A{base::AlignUp(address.value, alignment)};
}

[[nodiscard]] constexpr FrameNumber FrameContaining(PhysAddr pa) {
  return {pa.value >> kPageShift};
}

[[nodiscard]] constexpr PhysAddr BaseOf(FrameNumber frame) {
  return {PageCount{frame.value}.bytes()};
}

// `bytes` must be whole pages.
[[nodiscard]] constexpr PageCount PagesIn(uint64_t bytes) {
  CHECK(base::IsAligned(bytes, kPageSize));
  return {bytes >> kPageShift};
}

// Whole pages that hold `bytes`.
[[nodiscard]] constexpr PageCount PagesFor(uint64_t bytes) {
  return {base::DivideRoundUp(bytes, kPageSize)};
}

// Where the running program finds this address. Only for addresses that its tables map; on a 32-bit
// machine an address beyond 4 GiB fails a CHECK.
[[nodiscard]] inline void* PointerTo(VirtAddr va) {
  CHECK(va.value <= std::numeric_limits<uintptr_t>::max());
  return reinterpret_cast<void*>(static_cast<uintptr_t>(va.value));
}
[[nodiscard]] inline VirtAddr AddressOf(const void* pointer) {
  return {reinterpret_cast<uintptr_t>(pointer)};
}

// Addresses print as 0x and 16 digits, counts and frame numbers as numbers.
[[nodiscard]] constexpr base::FormatArgument FormatValue(PhysAddr pa) {
  return base::FormatArgument::Address(pa.value);
}
[[nodiscard]] constexpr base::FormatArgument FormatValue(VirtAddr va) {
  return base::FormatArgument::Address(va.value);
}
[[nodiscard]] constexpr base::FormatArgument FormatValue(FrameNumber frame) {
  return base::FormatArgument::Unsigned(frame.value);
}
[[nodiscard]] constexpr base::FormatArgument FormatValue(PageCount pages) {
  return base::FormatArgument::Unsigned(pages.value);
}

}  // namespace mm
