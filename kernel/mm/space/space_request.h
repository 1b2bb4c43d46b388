// What is asked of an address space, and what it tells: plain values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/vma.h"
#include "kernel/mm/space/vma_set.h"

namespace mm {

// How much an address in a request binds.
enum class Place : uint8_t {
  kAnywhere,     // none is given
  kHint,         // there if it is free and possible, else anywhere
  kExactly,      // there; what is in the way is unmapped
  kExactlyFree,  // there, or not at all
};

// As the hardware has it: whoever may write or run may read.
[[nodiscard]] constexpr Access CompletedAccess(Access access) {
  return access == Access::kNone ? access : access | Access::kRead;
}

// What no page has: more rights than there are, or to write and to run.
[[nodiscard]] constexpr bool IsRefusedAccess(Access access) {
  return Has(access, Access::kWrite | Access::kExecute) || !Has(kAnyUserAccess, access);
}

struct MapRequest {
  uint64_t size_bytes;  // whole pages
  // With the right to write or to run comes the right to read.
  Access access = Access::kReadWrite;
  Access may = kAnyUserAccess;  // cut to what the layout's region admits
  VmaKind kind = VmaKind::kAnonymous;
  Sharing sharing = Sharing::kPrivate;
  Locked locked = Locked::kNo;
  // kShared needs one; kDevice goes with an object of ObjectKind::kDevice, which is shared.
  ObjectReference object = {};
  uint64_t offset_bytes = 0;        // whole pages
  uint64_t limit_bytes = kNoLimit;  // of private areas only
  Place place = Place::kAnywhere;
  VirtAddr va = {};
};

struct RemapRequest {
  enum class Move : uint8_t {
    kStay,
    kMayMove,
    kExactly,  // to `va`; what is in the way is unmapped
  };

  uint64_t size_bytes;  // whole pages
  Move move = Move::kStay;
  VirtAddr va = {};
};

enum class Advice : uint8_t {
  kDontNeed,  // the contents may go now: zeroes, or what the object has, come next time
  kFree,      // private memory without an object only: likewise
  kWillNeed,  // nothing to be done: objects are in memory
};

enum class FaultOutcome : uint8_t {
  kResolved,      // try again
  kNotMapped,     // no area there
  kNotPermitted,  // an area without that right
  kBeyondObject,  // an area, and its object ends before
  kNotLoaded,     // an area, whose object has to load the page first
  kOutOfMemory,
};

[[nodiscard]] constexpr std::string_view FaultOutcomeName(FaultOutcome outcome) {
  switch (outcome) {
    case FaultOutcome::kResolved:
      return "resolved";
    case FaultOutcome::kNotMapped:
      return "not mapped";
    case FaultOutcome::kNotPermitted:
      return "not permitted";
    case FaultOutcome::kBeyondObject:
      return "beyond the object's end";
    case FaultOutcome::kNotLoaded:
      return "not loaded";
    case FaultOutcome::kOutOfMemory:
      return "out of memory";
  }
  return "unknown";
}

// A live area, as it was.
struct VmaReport : VmaTraits {
  VirtRange range;
};

// Which shared memory a byte is: the same in every space that shows it.
struct SharedPlace {
  const void* object = nullptr;  // null: private memory. To be compared, not used: it may end
  uint64_t offset_bytes = 0;

  friend constexpr bool operator==(const SharedPlace&, const SharedPlace&) = default;
};

// Pages that are there. Object pages are those that show the object's own or the zero frame; the
// rest is the process's own.
struct VmaUsage {
  PageCount resident;
  PageCount own;            // anonymous memory and private copies
  PageCount own_shared;     // of them: common with another process, until one writes
  PageCount object;         // the object's pages
  PageCount object_shared;  // of them: shown elsewhere, too
  PageCount zero;           // the zero frame: no memory of its own
  PageCount writable;       // an entry lets write to it
  // The bytes of each page, divided by the number of entries that show it, rounded down.
  uint64_t own_share_bytes = 0;
  uint64_t object_share_bytes = 0;

  constexpr VmaUsage& operator+=(const VmaUsage& other) {
    resident += other.resident;
    own += other.own;
    own_shared += other.own_shared;
    object += other.object;
    object_shared += other.object_shared;
    zero += other.zero;
    writable += other.writable;
    own_share_bytes += other.own_share_bytes;
    object_share_bytes += other.object_share_bytes;
    return *this;
  }
};

struct SpaceCounters {
  VmaCounters areas;         // by pages of areas: total is the virtual size
  PageCount private_pages;   // of areas: areas.total without areas.shared
  PageCount physical_pages;  // that are there
  uint64_t table_bytes = 0;  // page tables
  uint64_t area_bytes = 0;   // what describes the areas
  size_t area_count = 0;     // live ones
  size_t dead_count = 0;     // areas that wait for a sweep
  PageCount heap_pages;

  friend constexpr bool operator==(const SpaceCounters&, const SpaceCounters&) = default;
};

}  // namespace mm
