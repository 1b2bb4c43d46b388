// Compares live page tables with the layout that the kernel was built from. Needs two walks of the
// tables, no allocation, and O(n log n) steps for n mappings.
//
// Rules, for every page that is mapped:
//   - it lies in a region that hosts mappings, with at most the rights of its row;
//   - it is never writable and executable, and memory that is kernel code, or belongs to a
//   read-only
//     section of the image, is writable nowhere. User code is writable nowhere but where the kernel
//     reaches every frame, the direct map and windows: it was loaded through them;
//   - RAM is cached, anything else is mapped as a device, and devices only where the row allows
//   them;
//   - user mode has devices only in a process that drives some;
//   - it is global exactly when its row is, and is the kernel's: memory that processes share is
//     mapped in those that use it;
//   - the direct map shows base + offset, and shows all RAM that the kernel uses, but for pages
//     below stacks;
//   - each section of the image is mapped whole, at its place, with exactly its rights;
//   - the parts of an image that the layout packs lie as it says;
//   - a region for the boot scratchpad holds sections and nothing else;
//   - guard pages are not mapped.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/checks/verify_fault.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace mm {

// A part of the kernel image with rights of its own; whole pages.
struct ImageSection {
  std::string_view name;
  VirtRange range;
  PhysAddr target;
  Access access;                // the kernel's
  Access user = Access::kNone;  // a shared image's
};

// Whether the process whose tables these are drives devices.
enum class UserDevices : uint8_t { kNone, kSome };

// What the tables should look like. Spans are ascending and disjoint.
struct VerifyInput {
  const Layout& layout;
  std::span<const MemoryRegion> memory;
  std::span<const ImageSection> sections;  // at most kMaximumSections
  std::span<const VirtRange> guards;
  std::span<PhysRange> scratch;            // room for the ranges of memory that nobody may write
  std::span<const PlacedPart> parts = {};  // of an image that the layout packs
  UserDevices user_devices = UserDevices::kNone;
  // Whether the direct map leaves the page out, below a stack.
  std::optional<base::FunctionRef<bool(VirtAddr)>> is_direct_map_guard = {};
};

inline constexpr size_t kMaximumSections = 16;
inline constexpr size_t kMaximumFindings = 16;

struct Finding {
  VerifyFault fault;
  std::string_view region;  // the row's name; "none" outside every row
  VirtAddr va;              // the first byte at fault

  friend constexpr bool operator==(const Finding&, const Finding&) = default;
};

struct RegionSummary {
  PageCount pages;        // mapped, in pages of kPageSize
  uint64_t mappings = 0;  // table entries that map them, large pages counted once
  uint64_t faults = 0;
};

struct VerifyReport {
  std::array<RegionSummary, kMaximumRegions> regions;  // one per row, in the rows' order
  uint64_t mappings = 0;
  uint64_t faults = 0;  // all of them; only the first ones are kept
  std::array<Finding, kMaximumFindings> kept;

  [[nodiscard]] constexpr bool IsGood() const { return faults == 0; }
  [[nodiscard]] constexpr std::span<const Finding> findings() const {
    return std::span(kept).first(faults < kept.size() ? static_cast<size_t>(faults) : kept.size());
  }
};

// Gives every mapping of the live tables, in ascending order, to the function it is called with.
using MappingVisitor = base::FunctionRef<void(const Mapping&)>;
using MappingWalk = base::FunctionRef<void(MappingVisitor)>;

// Calls `walk` twice; the tables must not change in between.
[[nodiscard]] VerifyReport VerifyLayout(const VerifyInput& input, MappingWalk walk);

}  // namespace mm
