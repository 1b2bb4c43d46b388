// Addresses of the guest. Virtual and physical ones do not mix, and ranges are compared by their
// last byte: the byte after the top of the address space has no address.
#pragma once

#include <compare>
#include <cstdint>
#include <format>
#include <string>

namespace layoutcheck {

template <class Tag>
struct Address {
  uint64_t value = 0;

  friend constexpr auto operator<=>(Address, Address) = default;
  friend constexpr Address operator+(Address address, uint64_t bytes) {
    return {address.value + bytes};
  }
  // Bytes from `low` to `high`.
  friend constexpr uint64_t operator-(Address high, Address low) { return high.value - low.value; }
};

using VirtualAddress = Address<struct VirtualTag>;
using PhysicalAddress = Address<struct PhysicalTag>;

template <class Tag>
std::string Text(Address<Tag> address) {
  return std::format("{:#018x}", address.value);
}

// All architectures here have this granule.
inline constexpr uint64_t kPageBytes = 4096;

// Not empty; `last` is its last byte.
struct PhysicalRange {
  PhysicalAddress first;
  PhysicalAddress last;

  [[nodiscard]] constexpr bool Contains(PhysicalAddress address) const {
    return first <= address && address <= last;
  }
  [[nodiscard]] constexpr bool Overlaps(const PhysicalRange& other) const {
    return first <= other.last && other.first <= last;
  }
  friend constexpr bool operator==(const PhysicalRange&, const PhysicalRange&) = default;
};

}  // namespace layoutcheck
