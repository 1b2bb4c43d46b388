#include "kernel/mm/regions/vmalloc_areas.h"

#include <new>

#include "kernel/base/check.h"

namespace mm {
namespace {

// Pages as the areas' addresses are counted, the guard included.
VirtRange WithGuard(const VmallocArea& area) {
  return {area.range.base, area.range.size_bytes + kPageSize};
}

}  // namespace

std::string_view AreaKindName(AreaKind kind) {
  switch (kind) {
    case AreaKind::kMemory:
      return "memory";
    case AreaKind::kDevice:
      return "device";
    case AreaKind::kReserved:
      return "reserved";
  }
  return "unknown";
}

std::string_view AreaFaultName(AreaFault fault) {
  switch (fault) {
    case AreaFault::kNeverAllocated:
      return "never allocated";
    case AreaFault::kInteriorAddress:
      return "not the first address of its area";
    case AreaFault::kDoubleFree:
      return "freed twice";
    case AreaFault::kWrongKind:
      return "an area of another kind";
  }
  return "unknown fault";
}

VmallocAreas::VmallocAreas(PageSource& source)
    : ranges_(source, kPageSize), records_(source, sizeof(VmallocArea)), nodes_(source) {}

VmallocAreas::~VmallocAreas() { index_.Clear(nodes_); }

base::Result<> VmallocAreas::Start(const VirtRange& region) {
  TRY(ranges_.Start(region));
  return ranges_.AllocateAt({region.base, kPageSize});  // the guard before the first area
}

base::Result<VmallocArea*> VmallocAreas::Add(PageCount pages, uint64_t alignment, AreaKind kind,
                                             std::string_view name) {
  // No region is that large, and one more page must be countable.
  if (pages.value == 0) return std::unexpected(base::Error::kInvalidArgument);
  if (pages.value >= ranges_.space().size_bytes / kPageSize) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  const uint64_t spares_before = nodes_.count();
  TRY(nodes_.EnsureAtLeast(index_.nodes_for_insertion()));
  void* record = nullptr;
  const base::Result<VirtRange> range = [&]() -> base::Result<VirtRange> {
    record = TRY(records_.Allocate());
    return ranges_.AllocateAligned(pages.bytes() + kPageSize, alignment);
  }();
  if (!range) {
    if (record != nullptr) records_.Free(record);
    nodes_.KeepAtMost(spares_before);
    return std::unexpected(range.error());
  }
  VmallocArea* const area =
      new (record) VmallocArea{.range = {range->base, pages.bytes()}, .name = name, .kind = kind};
  index_.Insert({area->range.base.value, area}, nodes_);
  CountIn(*area);
  return area;
}

VmallocArea* VmallocAreas::FindLastUpTo(VirtAddr va) const {
  Index::Place place;
  if (!index_.FindLast({va.value, nullptr}, place)) return nullptr;
  return place.key().area;
}

std::expected<VmallocArea*, AreaFault> VmallocAreas::FindLive(VirtAddr base, AreaKind kind) {
  VmallocArea* const area = FindLastUpTo(base);
  if (area == nullptr || !area->range.Contains(base)) {
    return std::unexpected(AreaFault::kNeverAllocated);
  }
  if (area->state == AreaState::kParked) return std::unexpected(AreaFault::kDoubleFree);
  if (area->state == AreaState::kUnfinished) return std::unexpected(AreaFault::kNeverAllocated);
  if (area->range.base != base) return std::unexpected(AreaFault::kInteriorAddress);
  if (area->kind != kind) return std::unexpected(AreaFault::kWrongKind);
  return area;
}

void VmallocAreas::Finish(VmallocArea& area) {
  CHECK(area.state == AreaState::kUnfinished);
  area.state = AreaState::kLive;
}

void VmallocAreas::Park(VmallocArea& area) {
  CHECK(area.state != AreaState::kParked);
  CountOut(area);
  area.state = AreaState::kParked;
  area.next_parked = parked_;
  parked_ = &area;
  ++counts_.parked_areas;
  counts_.parked_pages += area.pages();
}

VmallocArea* VmallocAreas::TakeParked() {
  VmallocArea* const area = parked_;
  if (area == nullptr) return nullptr;
  parked_ = area->next_parked;
  area->next_parked = nullptr;
  --counts_.parked_areas;
  counts_.parked_pages -= area->pages();
  return area;
}

void VmallocAreas::Remove(VmallocArea& area) {
  CHECK(area.state == AreaState::kParked);
  index_.Erase({area.range.base.value, nullptr}, nodes_);
  CHECK(ranges_.Free(WithGuard(area)).has_value());
  records_.Free(&area);
  nodes_.KeepAtMost(index_.nodes_for_insertion());
}

std::optional<AreaPlace> VmallocAreas::Find(VirtAddr va) const {
  using Where = AreaPlace::Where;
  const VmallocArea* const area = FindLastUpTo(va);
  if (area != nullptr && area->range.Contains(va)) return AreaPlace{Where::kInside, *area};
  if (area != nullptr && area->guard().Contains(va)) return AreaPlace{Where::kGuardBehind, *area};
  const VirtRange page{AlignDown(va, kPageSize), kPageSize};
  if (!ranges_.space().Contains(page) || page.last() == ranges_.space().last()) {
    return std::nullopt;
  }
  const VmallocArea* const next = FindLastUpTo(page.last() + 1);
  if (next == nullptr || !IsFollowedBy(page, next->range)) return std::nullopt;
  return AreaPlace{Where::kGuardBefore, *next};
}

void VmallocAreas::ForEach(Visitor visit) const {
  index_.ForEach([&](const ByBase::Key& key) { visit(*key.area); });
}

void VmallocAreas::CountIn(const VmallocArea& area) {
  ++counts_.areas;
  if (area.kind == AreaKind::kMemory) counts_.memory_pages += area.pages();
  if (area.kind == AreaKind::kDevice) counts_.device_pages += area.pages();
}

void VmallocAreas::CountOut(const VmallocArea& area) {
  --counts_.areas;
  if (area.kind == AreaKind::kMemory) counts_.memory_pages -= area.pages();
  if (area.kind == AreaKind::kDevice) counts_.device_pages -= area.pages();
}

VmallocAreas::Statistics VmallocAreas::statistics() const {
  Statistics statistics = counts_;
  statistics.addresses = ranges_.statistics();
  return statistics;
}

base::Result<> VmallocAreas::CheckInvariants() const {
  TRY(ranges_.CheckInvariants());
  TRY(records_.CheckInvariants());
  TRY(nodes_.pool().CheckInvariants());
  Statistics seen;
  bool sound = index_.IsSound();
  ForEach([&](const VmallocArea& area) {
    sound = sound && ranges_.FindAllocated(area.range.base) == WithGuard(area);
    if (area.state == AreaState::kParked) {
      ++seen.parked_areas;
      seen.parked_pages += area.pages();
    } else {
      ++seen.areas;
    }
  });
  uint64_t listed = 0;
  for (const VmallocArea* area = parked_; area != nullptr; area = area->next_parked) ++listed;
  // One range more is allocated: the guard before the first area.
  sound = sound && listed == counts_.parked_areas && seen.parked_areas == counts_.parked_areas &&
          seen.parked_pages == counts_.parked_pages && seen.areas == counts_.areas &&
          ranges_.statistics().allocated_ranges == index_.keys() + 1;
  if (!sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
