// Physical memory of the guest as a table walk sees it: whole pages, read once.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "tools/layoutcheck/address.h"

namespace layoutcheck {

using Page = std::array<uint8_t, kPageBytes>;

// Where pages come from.
class PageSource {
 public:
  virtual ~PageSource() = default;

  // Memory, which has no side effects when it is read. Ascending and disjoint.
  [[nodiscard]] virtual std::span<const PhysicalRange> Memory() const = 0;

  // Reads the pages at `addresses`, which are aligned and lie in Memory().
  [[nodiscard]] virtual std::expected<std::vector<Page>, std::string> ReadPages(
      std::span<const PhysicalAddress> addresses) = 0;
};

// Keeps what was read. Asking for many pages at once costs little more than asking for one.
class GuestMemory {
 public:
  explicit GuestMemory(PageSource& source) : source_(source) {}

  // Reads those pages that hold any of `addresses`, lie in memory and have not been read.
  [[nodiscard]] std::expected<void, std::string> Fetch(std::span<const PhysicalAddress> addresses);

  // The fetched page that holds `address`; nullptr where there is no memory.
  [[nodiscard]] const Page* Find(PhysicalAddress address) const;

 private:
  [[nodiscard]] bool IsMemory(PhysicalAddress page) const;

  PageSource& source_;
  std::unordered_map<uint64_t, Page> pages_;
};

// The range of `ranges` (ascending, disjoint) that holds `address`, or nullptr. O(log n).
[[nodiscard]] const PhysicalRange* FindRange(std::span<const PhysicalRange> ranges,
                                             PhysicalAddress address);

}  // namespace layoutcheck
