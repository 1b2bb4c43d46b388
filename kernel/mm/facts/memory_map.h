// The live list of physical memory: what the firmware reports, and what the boot has put where.
//
// Regions are whole pages, ascending, disjoint, and merged where neighbours agree. Firmware counts
// in bytes: RAM is rounded inward, everything else outward, and a page that two entries share goes
// to the one that is harder to get back.
//
// Not locked: written while one processor runs, read only afterwards.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace mm {

// The kinds of ACPI 6.5 15 (table 15.6), which device trees are translated to as well.
enum class FirmwareKind : uint8_t { kRam, kReserved, kAcpiReclaimable, kAcpiNvs, kUnusable };

struct FirmwareRange {
  PhysAddr base;
  uint64_t size_bytes;
  FirmwareKind kind;
};

// The order of the first four is that of "harder to get back".
enum class MemoryState : uint8_t {
  kUsable,
  kFirmwareReclaimable,  // firmware's tables, free once they have been read
  kFirmwareReserved,
  kUnusable,        // defective
  kFirmwareTables,  // start info, device tree: read during the boot
  kKernelImage,
  kModule,
  kKernelTables,  // page tables and other early frames
  kPageDescriptors,
};

// What a person reads, for example "kernel image".
[[nodiscard]] std::string_view MemoryStateName(MemoryState state);

struct MemoryRegion {
  FrameNumber first;
  PageCount pages;
  MemoryState state;

  [[nodiscard]] constexpr FrameNumber last() const { return first + (pages - PageCount{1}); }
  [[nodiscard]] constexpr PhysRange range() const { return {BaseOf(first), pages.bytes()}; }

  friend constexpr bool operator==(const MemoryRegion&, const MemoryRegion&) = default;
};

enum class MapFaultKind : uint8_t {
  kTooManyRanges,
  kZeroLength,
  kWraps,
  kUnsorted,
  kOverlap,
  kNoMemory,
  kTooLittleMemory,
};

struct MapFault {
  MapFaultKind kind;
  size_t index;      // of the firmware's entry; the number of entries when all of them are at fault
  PageCount usable;  // what there is, for kTooLittleMemory
  PageCount minimum;  // what it takes, for kTooLittleMemory

  friend constexpr bool operator==(const MapFault&, const MapFault&) = default;
};

// Writes one sentence without a full stop or line feed.
void DescribeFault(base::Sink& sink, const MapFault& fault);

class MemoryMap {
 public:
  // Checks and takes over the firmware's list. `storage` holds the regions and must outlive the
  // map; each Reserve() may need two more. `minimum` is the least usable RAM worth booting with.
  [[nodiscard]] static std::expected<MemoryMap, MapFault> FromFirmware(
      std::span<const FirmwareRange> ranges, std::span<MemoryRegion> storage, PageCount minimum);

  // Gives the usable and reclaimable pages that `range` touches the new state; others keep theirs:
  // who came first stays. Errors: kInvalidArgument (empty, wrapping, or to become usable),
  // kNotFound (the map knows no page of it), kOutOfMemory (no room for two more regions). On an
  // error nothing has changed.
  [[nodiscard]] base::Result<> Reserve(const PhysRange& range, MemoryState state);

  [[nodiscard]] std::span<const MemoryRegion> regions() const { return storage_.first(count_); }
  [[nodiscard]] PageCount TotalPages(MemoryState state) const;
  [[nodiscard]] PageCount UsablePages() const { return TotalPages(MemoryState::kUsable); }

  // The region that holds `frame`. O(log n).
  [[nodiscard]] const MemoryRegion* FindRegion(FrameNumber frame) const;
  // The first region at or after `frame` that has the state. O(log n) and the regions skipped.
  [[nodiscard]] const MemoryRegion* FindNext(FrameNumber frame, MemoryState state) const;

  // kCorrupt when the regions are not ascending, disjoint, non-empty and merged. O(n).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  explicit MemoryMap(std::span<MemoryRegion> storage) : storage_(storage) {}

  [[nodiscard]] bool Append(MemoryRegion region);
  void SplitAt(FrameNumber frame);
  void MergeNeighbours();
  [[nodiscard]] size_t LowerBound(FrameNumber frame) const;

  std::span<MemoryRegion> storage_;
  size_t count_ = 0;
};

}  // namespace mm
