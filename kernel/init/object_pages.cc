#include "kernel/init/object_pages.h"

#include <algorithm>
#include <array>

#include "kernel/mm/facts/attributes.h"

namespace kernel {
namespace {

template <class Pages>
mm::SlabPlace PlaceIn(Pages& pages) {
  return {pages, pages.descriptors()};
}

}  // namespace

ObjectPages::ObjectPages(const mm::Layout& layout, mm::PhysicalMemory& memory, KernelAreas& areas)
    : layout_(layout), memory_(memory), areas_(areas), direct_map_pages_(memory) {}

base::Result<> ObjectPages::Start() {
  if (const auto region = TRY(TakeHeapRegion())) TRY(StartHeap(*region));
  const mm::Region* const pages = mm::FindService(layout_, mm::Service::kPageObjects);
  if (pages == nullptr) return {};
  const mm::PageCount array_pages = ArrayPagesFor(pages->range);
  return StartPages(page_objects_, pages->range,
                    TRY(areas_.areas().Reserve(array_pages, "descriptors of page objects")));
}

// All of the heap's region, or half of one that vmalloc's areas share.
base::Result<std::optional<mm::VirtRange>> ObjectPages::TakeHeapRegion() {
  const mm::Region* const heap = mm::FindService(layout_, mm::Service::kKernelHeap);
  if (heap == nullptr) return std::nullopt;
  if (heap != &mm::AreasRegion(layout_)) return heap->range;
  const mm::PageCount half{mm::PagesIn(heap->range.size_bytes).value / 2};
  return TRY(areas_.areas().Reserve(half, "heap pages"));
}

// The descriptors lie before the pages.
base::Result<> ObjectPages::StartHeap(const mm::VirtRange& region) {
  const uint64_t array_bytes = ArrayPagesFor(region).bytes();
  return StartPages(heap_, {region.base + array_bytes, region.size_bytes - array_bytes},
                    {region.base, array_bytes});
}

base::Result<> ObjectPages::StartPages(std::optional<Pages>& pages, const mm::VirtRange& region,
                                       const mm::VirtRange& array) {
  pages.emplace(areas_.table(), areas_.table_memory(), areas_.frames(), direct_map_pages_);
  return pages->Start(region, array);
}

mm::PageCount ObjectPages::ArrayPagesFor(const mm::VirtRange& region) {
  return Pages::DescriptorPagesFor(mm::PagesIn(region.size_bytes));
}

mm::SlabPlace ObjectPages::objects() {
  if (heap_) return PlaceIn(*heap_);
  return {direct_map_pages_, memory_.table().direct_map()};
}

std::optional<mm::SlabPlace> ObjectPages::page_objects() {
  if (!page_objects_) return std::nullopt;
  return PlaceIn(*page_objects_);
}

bool ObjectPages::Holds(mm::VirtAddr va) const {
  return std::ranges::any_of(std::array{&heap_, &page_objects_}, [va](const auto* pages) {
    return *pages && (*pages)->region().Contains(va);
  });
}

mm::PageCount ObjectPages::extra_pages() const {
  // Without a region for the heap, all its slabs come from the direct map.
  mm::PageCount extra = heap_ ? direct_map_pages_.pages() : mm::PageCount{0};
  for (const std::optional<Pages>* const pages : {&heap_, &page_objects_}) {
    if (*pages) extra += (*pages)->statistics().descriptor_pages;
  }
  return extra;
}

void ObjectPages::Print(base::Sink& sink) const {
  for (const std::optional<Pages>* const pages : {&heap_, &page_objects_}) {
    if (!*pages) continue;
    const auto& [in_use, descriptor_pages] = (*pages)->statistics();
    base::Print(sink, "slabs at {}-{}: {} pages, {} more for descriptors\n",
                (*pages)->region().base, (*pages)->region().last(), in_use, descriptor_pages);
  }
}

base::Result<> ObjectPages::CheckInvariants() const {
  for (const std::optional<Pages>* const pages : {&heap_, &page_objects_}) {
    if (*pages) TRY((*pages)->CheckInvariants());
  }
  return {};
}

}  // namespace kernel
