#include "kernel/mm/space/placement.h"

#include <algorithm>
#include <initializer_list>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

// Regions with areas of processes. The message queue and the thread control block are the kernel's
// to map.
bool IsForAreas(const Region& region) {
  switch (region.service) {
    case Service::kProgram:
    case Service::kLibraries:
    case Service::kUserHeap:
    case Service::kUserStack:
      return region.scope != Scope::kGlobal;
    case Service::kSharedMemory:
      return true;
    default:
      return false;
  }
}

// `range` is behind all that `bounds` has.
void Extend(VirtRange& bounds, const VirtRange& range) {
  bounds = bounds.IsEmpty() ? range : FromFirstToLast(bounds.base, range.last());
}

}  // namespace

Placement::Placement(const Layout& layout) : layout_(&layout) {
  for (const Region& region : layout.regions) {
    if (!IsForAreas(region)) continue;
    Extend(bounds_, region.range);
    if (region.scope != Scope::kGlobal) Extend(own_bounds_, region.range);
  }
  CHECK(!own_bounds_.IsEmpty());
  if (FindService(layout, Service::kUserStack) != nullptr) {
    PlaceInRegions();
  } else {
    PlaceInOneRegion();
  }
}

// If the region is there and admits it.
void Placement::AddWindow(VmaKind kind, Access access, const Region* region, GapSide side) {
  if (region == nullptr || !IsForAreas(*region) || !Admits(*region, access, kind)) return;
  windows_[RowOf(kind, access)].Add(region->range, side, MostAccess(*region));
}

void Placement::PlaceInRegions() {
  const Region* const program = FindService(*layout_, Service::kProgram);
  const Region* const libraries = FindService(*layout_, Service::kLibraries);
  const Region* const heap = FindService(*layout_, Service::kUserHeap);
  const Region* const stack = FindService(*layout_, Service::kUserStack);
  const Region* const blocks = FindService(*layout_, Service::kSharedMemory);
  if (blocks != nullptr) shared_blocks_ = blocks->range;
  for (const Access access : {Access::kReadWrite, Access::kReadExecute}) {
    AddWindow(VmaKind::kProgram, access, program, GapSide::kLow);
    AddWindow(VmaKind::kStack, access, stack, GapSide::kHigh);
    AddWindow(VmaKind::kFile, access, libraries, GapSide::kLow);
    // The break moves up from the bottom of the heap; the rest comes down from its top.
    for (const VmaKind kind :
         {VmaKind::kFile, VmaKind::kAnonymous, VmaKind::kShared, VmaKind::kDevice}) {
      AddWindow(kind, access, heap, GapSide::kHigh);
    }
    // Code that a program made.
    for (const VmaKind kind : {VmaKind::kAnonymous, VmaKind::kShared}) {
      AddWindow(kind, access, libraries, GapSide::kHigh);
    }
  }
  PlaceThreads(stack->range);
}

void Placement::PlaceThreads(const VirtRange& stack) {
  const Region* const control = FindService(*layout_, Service::kThreadControl);
  const Region* const queue = FindService(*layout_, Service::kMessageQueue);
  if (control == nullptr || queue == nullptr) return;
  CHECK(control->scope == Scope::kThread && queue->scope == Scope::kThread);
  thread_places_ = {.control = control->range, .queue = queue->range, .stack = stack};
}

void Placement::AddWindowForAll(std::span<const VmaKind> kinds, const VirtRange& range,
                                GapSide side, Access may) {
  for (const Access access : {Access::kReadWrite, Access::kReadExecute}) {
    for (const VmaKind kind : kinds) windows_[RowOf(kind, access)].Add(range, side, may);
  }
}

void Placement::PlaceInOneRegion() {
  const Region& region = RegionWith(*layout_, Service::kProgram);
  const bool is_kept_small = !layout_->process_parts.empty();
  const VirtAddr top = is_kept_small ? VirtAddr{kSmallProcessBytes - 1} : region.range.last();
  CHECK(region.range.Contains(top));
  const VirtRange process = FromFirstToLast(region.range.base, top);
  CHECK(process.size_bytes > kStackRoomBytes + kGuardBytes);
  VirtRange below_stack = {process.base, process.size_bytes - kStackRoomBytes - kGuardBytes};
  if (is_kept_small) {
    shared_blocks_ = FromFirstToLast(top + 1, VirtAddr{kSharedTopBytes - 1});
  } else {
    const VirtAddr last = AlignDown(below_stack.last() + 1, kSharedAlignment) - 1;
    const uint64_t bytes =
        base::AlignDown(region.range.size_bytes / kSharedDivisor, kSharedAlignment);
    shared_blocks_ = FromFirstToLast(last - (bytes - 1), last);
    below_stack = FromFirstToLast(process.base, shared_blocks_.base - 1);
  }

  const Access may = MostAccess(region);
  constexpr std::array kProgram = {VmaKind::kProgram};
  constexpr std::array kStack = {VmaKind::kStack};
  constexpr std::array kRest = {VmaKind::kFile, VmaKind::kAnonymous, VmaKind::kShared};
  AddWindowForAll(kProgram, below_stack, GapSide::kLow, may);
  AddWindowForAll(kStack, process, GapSide::kHigh, may);
  AddWindowForAll(kRest, below_stack, GapSide::kHigh, may);
  if (is_kept_small) {
    const VirtRange above = FromFirstToLast(shared_blocks_.last() + 1, region.range.last());
    AddWindowForAll(kProgram, above, GapSide::kLow, may);
    AddWindowForAll(kRest, above, GapSide::kLow, may);
  }
  if (Admits(region, Access::kReadWrite, VmaKind::kDevice)) {
    constexpr std::array kDevice = {VmaKind::kDevice};
    AddWindowForAll(kDevice, below_stack, GapSide::kHigh, may);
  }
  PlaceThreads({process.last() - (kStackRoomBytes - 1), kStackRoomBytes});
}

const Region* Placement::RegionOf(const VirtRange& range) const {
  const Region* const region = FindRegion(*layout_, range.base);
  if (region == nullptr || !IsForAreas(*region) || !region->range.Contains(range)) return nullptr;
  return region;
}

bool Placement::Admits(const Region& region, Access access, VmaKind kind) {
  if (kind == VmaKind::kDevice && region.caching != Caching::kDevice) return false;
  return Has(region.user, Access::kImage) || Has(region.user, access);
}

VirtAddr Placement::HeapBase(VirtAddr program_last) const {
  const Region* const heap = FindService(*layout_, Service::kUserHeap);
  if (heap != nullptr) return heap->range.base;
  return AlignDown(program_last, kPageSize) + kPageSize;
}

}  // namespace mm
