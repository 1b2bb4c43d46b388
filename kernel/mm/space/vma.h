// An area of an address space: pages side by side that are alike, whether they are there yet or
// not. What is known of a single page stands in its entry of the page table; see
// docs/adr/0019-areas-and-entries.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/memory_object.h"

namespace mm {

// What an area is for. It decides where it is placed.
enum class VmaKind : uint8_t {
  kProgram,    // sections of an executable file
  kHeap,       // what SetBreak() moves
  kStack,      // grows down when a page below it is used
  kFile,       // data files, libraries
  kAnonymous,  // memory without a name
  kShared,     // memory that processes share
  kDevice,     // a device's registers
  kBlock,      // a block of global shared memory, see shared_region.h
};

[[nodiscard]] constexpr std::string_view VmaKindName(VmaKind kind) {
  switch (kind) {
    case VmaKind::kProgram:
      return "program";
    case VmaKind::kHeap:
      return "heap";
    case VmaKind::kStack:
      return "stack";
    case VmaKind::kFile:
      return "file";
    case VmaKind::kAnonymous:
      return "anonymous";
    case VmaKind::kShared:
      return "shared";
    case VmaKind::kDevice:
      return "device";
    case VmaKind::kBlock:
      return "shared block";
  }
  return "unknown";
}

// Whether others see what is written here. Without an object an area is always private.
enum class Sharing : uint8_t { kPrivate, kShared };

// Locked pages stay once they are there.
enum class Locked : uint8_t {
  kNo,
  kYes,      // they are there before they are used
  kOnFault,  // they come when they are used
};

// A dead area is none of the process's any more, and still has pages and addresses: until a sweep.
enum class Liveness : uint8_t { kLive, kDead };

// All of the object is shown.
inline constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();

inline constexpr Access kAnyUserAccess = Access::kReadWrite | Access::kExecute;

// What areas side by side must have alike to be one.
struct VmaTraits {
  Access access = Access::kNone;  // kNone, r, rw or rx
  Access may = kAnyUserAccess;    // the rights that Protect() may give
  VmaKind kind = VmaKind::kAnonymous;
  Sharing sharing = Sharing::kPrivate;
  Locked locked = Locked::kNo;
  ObjectReference object = {};      // none: zeroes at first
  uint64_t offset_bytes = 0;        // in the object, of the area's first byte; whole pages
  uint64_t limit_bytes = kNoLimit;  // so much of the object is shown; behind it are zeroes
};

struct Vma : VmaTraits {
  VirtRange range;
  Liveness liveness = Liveness::kLive;
  ObjectView view;  // in the object's list
  // The next areas of the same set.
  Vma* below = nullptr;
  Vma* above = nullptr;

  // Where a page of the area is in its object; nothing for memory that comes from none.
  [[nodiscard]] std::optional<uint64_t> ObjectPageAt(VirtAddr va) const {
    if (!object) return std::nullopt;
    const uint64_t offset = AlignDown(va, kPageSize) - range.base;
    if (offset >= limit_bytes) return std::nullopt;
    return (offset_bytes + offset) / kPageSize;
  }
};

// The traits of what is left of an area from `cut_bytes` on.
[[nodiscard]] inline VmaTraits WithoutFirst(const VmaTraits& traits, uint64_t cut_bytes) {
  VmaTraits rest = traits;
  if (!rest.object) return rest;
  rest.offset_bytes += cut_bytes;
  if (rest.limit_bytes != kNoLimit) rest.limit_bytes -= std::min(rest.limit_bytes, cut_bytes);
  return rest;
}

// The limit of two areas that are to be one: the lower one, of `lower_bytes`, continues exactly in
// the upper one. Nothing if they differ. The caller knows that they touch and that both are live.
[[nodiscard]] inline std::optional<uint64_t> JoinedLimit(const VmaTraits& lower,
                                                         uint64_t lower_bytes,
                                                         const VmaTraits& upper) {
  const bool alike = lower.access == upper.access && lower.may == upper.may &&
                     lower.kind == upper.kind && lower.sharing == upper.sharing &&
                     lower.locked == upper.locked && lower.object == upper.object;
  if (!alike) return std::nullopt;
  if (!lower.object) return kNoLimit;
  if (upper.offset_bytes < lower_bytes || upper.offset_bytes - lower_bytes != lower.offset_bytes) {
    return std::nullopt;
  }
  if (lower.limit_bytes == kNoLimit) {
    return upper.limit_bytes == kNoLimit ? std::optional(kNoLimit) : std::nullopt;
  }
  if (lower.limit_bytes < lower_bytes) {
    return upper.limit_bytes == 0 ? std::optional(lower.limit_bytes) : std::nullopt;
  }
  if (lower.limit_bytes - lower_bytes != upper.limit_bytes) return std::nullopt;
  return lower.limit_bytes;
}

}  // namespace mm
