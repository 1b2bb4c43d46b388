#include "kernel/init/heap.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/mm/heap/slab_cache.h"

namespace kernel {
namespace {

// Never destroyed: the kernel ends with the machine.
[[clang::no_destroy]] constinit std::optional<ObjectPages> object_pages;
[[clang::no_destroy]] constinit std::optional<KernelObjects> kernel_objects;

struct Trial {
  size_t bytes;
  size_t grown;  // to so many
};

// Within a size class, within that of a page, from one to another, and from a page to vmalloc.
constexpr std::array kTrials = {Trial{100, 110}, Trial{4000, 4096}, Trial{200, 1000},
                                Trial{4096, 100'000}};

std::byte MarkOf(size_t index) { return std::byte(index + 1); }

bool IsFilled(const std::byte* block, std::byte mark, size_t count) {
  return std::all_of(block, block + count, [mark](std::byte byte) { return byte == mark; });
}

}  // namespace

KernelObjects::KernelObjects(ObjectPages& pages, KernelAreas& areas)
    : pages_(pages),
      depot_(pages.objects(), pages.objects().pages),
      large_(areas.areas(), "kalloc"),
      heap_(depot_, MakePageDepot(pages), large_) {}

// A region for objects of a page holds nothing else: records and magazines are the heap's.
mm::SlabDepot& KernelObjects::MakePageDepot(ObjectPages& pages) {
  const std::optional<mm::SlabPlace> place = pages.page_objects();
  return place ? page_depot_.emplace(*place, pages.objects().pages) : depot_;
}

base::Result<KernelObjects*> MakeObjects(const mm::Layout& layout, mm::PhysicalMemory& memory,
                                         KernelAreas& areas) {
  CHECK(!kernel_objects.has_value());
  object_pages.emplace(layout, memory, areas);
  TRY(object_pages->Start());
  return &kernel_objects.emplace(*object_pages, areas);
}

mm::KernelHeap& Heap() {
  CHECK(kernel_objects.has_value());
  return kernel_objects->heap();
}

void KernelObjects::ForEachCache(base::FunctionRef<void(const mm::SlabCache&)> visit) const {
  depot_.ForEachCache(visit);
  if (page_depot_) page_depot_->ForEachCache(visit);
}

void KernelObjects::PrintSlabs(base::Sink& sink) const {
  base::Print(sink, "{:<16}{:>8}{:>8}{:>10}{:>8}{:>8}{:>8}\n", "cache", "bytes", "objects",
              "allocated", "at hand", "slabs", "pages");
  const auto print = [&sink](const mm::SlabCache& cache) {
    const mm::SlabStatistics is = cache.Statistics();
    if (is.pages == 0) return;
    base::Print(sink, "{:<16}{:>8}{:>8}{:>10}{:>8}{:>8}{:>8}\n", cache.name(), is.object_bytes,
                is.objects, is.allocated, is.in_magazines, is.slabs, is.pages);
  };
  ForEachCache(print);
  base::Print(sink, "records and magazines: {} bytes\n", RecordBytes());
  pages_.Print(sink);
}

void TryHeap(base::Sink& sink, KernelObjects& objects, base::FunctionRef<void()> while_in_use) {
  mm::KernelHeap& heap = objects.heap();
  std::array<void*, kTrials.size()> blocks{};
  bool kept = true;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto block = heap.Allocate(kTrials[i].bytes);
    if (!block) break;
    std::memset(*block, std::to_integer<int>(MarkOf(i)), kTrials[i].bytes);
    const auto grown = heap.Reallocate(*block, kTrials[i].grown);
    blocks[i] = grown.value_or(*block);
    kept = kept && grown.has_value();
  }
  objects.PrintSlabs(sink);
  while_in_use();
  for (size_t i = 0; i < blocks.size(); ++i) {
    kept = kept && blocks[i] != nullptr &&
           IsFilled(static_cast<const std::byte*>(blocks[i]), MarkOf(i), kTrials[i].bytes);
    heap.Free(blocks[i]);
  }
  const size_t pages = heap.Shrink();
  const bool sound = heap.CheckInvariants().has_value();
  base::Print(sink, "heap: {}, {}; {} pages given back\n", sound ? "sound" : "CORRUPT",
              kept ? "contents kept" : "OUT OF MEMORY OR CONTENTS LOST", pages);
}

}  // namespace kernel
