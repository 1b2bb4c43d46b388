// A layout as its JSON says it. README.md describes the format.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {

// What is different about a region for the check.
enum class Service : uint8_t {
  kPlain,
  kUnused,     // must hold no mapping
  kDirectMap,  // shows RAM in order
  kWindows,    // temporary mappings of any frame
  kShared,     // memory at the same address in all processes that use it
  kQueue,      // messages of a thread: its first page is that one's alone
};

enum class Guards : uint8_t { kNone, kBelow, kAround };

// kNormal: cached RAM. kMixed: cached RAM, and devices that are not cached.
enum class Caching : uint8_t { kNormal, kMixed };

struct Region {
  std::string name;
  VirtualAddress first;
  VirtualAddress last;
  Rights user;    // at most; rights that exclude each other on one page are all there
  Rights kernel;  // likewise
  Service service = Service::kPlain;
  Guards guards = Guards::kNone;
  std::optional<Reach> reach = {};      // not checked if not given
  std::optional<Caching> caching = {};  // likewise

  [[nodiscard]] bool Contains(VirtualAddress va) const { return first <= va && va <= last; }
};

// Of an image, whose parts lie one after the other where they are linked.
struct Part {
  std::string name;
  Rights user;
  Rights kernel;
};

// What the bits of a virtual address above the table's are: copies of the highest of these, or 0.
enum class HighBits : uint8_t { kSign, kZero };

struct Layout {
  std::string name;
  std::string digest;  // as it is written; empty if it is not
  unsigned address_bits;
  HighBits high_bits;
  std::vector<Region> regions;         // ascending, disjoint
  std::vector<Part> image_parts = {};  // from image_link_base up
  std::optional<PhysicalAddress> direct_map_target;
  std::optional<VirtualAddress> image_link_base;
  std::optional<PhysicalAddress> image_load_base;
};

// Every table in `text`. The error names the table, the region and the key.
[[nodiscard]] std::expected<std::vector<Layout>, std::string> ReadLayouts(std::string_view text);

// The one table for a machine whose virtual addresses have `address_bits`: one of as many bits, or
// if there is none, one of fewer for a kernel that leaves the addresses above them alone.
[[nodiscard]] std::expected<Layout, std::string> ChooseLayout(std::vector<Layout> layouts,
                                                              unsigned address_bits);

// The region that holds `va`, or nullptr. O(log n).
[[nodiscard]] const Region* FindRegion(const Layout& layout, VirtualAddress va);

}  // namespace layoutcheck
