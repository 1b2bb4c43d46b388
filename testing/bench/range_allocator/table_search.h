// A free run of virtual pages, looked for in the page tables themselves: what the LF OS document
// asks, paging structures or a list beside them. The tables are x86-64's, of the kind that the
// kernel has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/tlb_work.h"
#include "testing/bench/range_allocator/jobs.h"
#include "testing/bench/range_allocator/pages.h"
#include "testing/bench/range_allocator/spaces.h"
#include "testing/bench/timing.h"
#include "testing/bench/workload.h"

namespace bench {

// Page tables in memory of this program; physical addresses are its pointers.
class HostTables {
 public:
  base::Result<mm::PhysAddr> AllocateTable(uint64_t bytes, uint64_t) {
    CHECK(bytes == mm::kPageSize);
    void* const table = TRY(pages_.AllocatePages(0));
    std::memset(table, 0, mm::kPageSize);
    ++tables_;
    return mm::PhysAddr{reinterpret_cast<uintptr_t>(table)};
  }
  void FreeTable(mm::PhysAddr pa, uint64_t) {
    --tables_;
    pages_.FreePages(Pointer(pa), 0);
  }
  void FreeZeroedTable(mm::PhysAddr pa, uint64_t bytes) { FreeTable(pa, bytes); }
  void* Pointer(mm::PhysAddr pa) const { return reinterpret_cast<void*>(pa.value); }
  void Publish(const mm::VirtRange&) {}
  void Invalidate(const mm::TlbWork&) {}

  [[nodiscard]] double bytes() const { return static_cast<double>(tables_ * mm::kPageSize); }

 private:
  LargePages pages_;
  size_t tables_ = 0;
};

using HostTable = mm::PageTable<arch::x86_64::PagingPolicy, HostTables>;

// `size` areas as vmalloc leaves them: in the space of an allocator, and mapped with scattered
// frames but for the last page of each, its guard.
class MappedAreas {
 public:
  explicit MappedAreas(size_t size) : space_(kSpacePages), table_(MakeTable(memory_)) {
    std::mt19937_64 random(kRangeSeed);
    std::vector<PageRun> areas;
    for (size_t i = 0; i < size; ++i) areas.push_back(*space_.Allocate(RandomArea(random)));
    for (size_t i = 0; i < 2 * size; ++i) {
      PageRun& area = areas[random() % size];
      CHECK(space_.Free(area));
      area = *space_.Allocate(RandomArea(random));
    }
    for (const PageRun& area : areas) {
      for (uint32_t page = area.first; page + 1 < area.first + area.pages; ++page) {
        MapPage(page, random() % kFrames);
      }
    }
  }

  // At least one page and its guard.
  static uint32_t RandomArea(std::mt19937_64& random) { return 1 + RandomPages(random); }

  [[nodiscard]] OurSpace& space() { return space_; }
  [[nodiscard]] const HostTable& table() const { return table_; }
  [[nodiscard]] double table_bytes() const { return memory_.bytes(); }

 private:
  static constexpr uint64_t kFrames = uint64_t{1} << 22;  // 16 GiB

  static HostTable MakeTable(HostTables& memory) {
    return *HostTable::Create(arch::x86_64::PagingPolicy::kFourLevelRoot, {}, memory);
  }
  void MapPage(uint32_t page, uint64_t frame) {
    CHECK(table_
              .Map({{mm::PageCount{page}.bytes()}, mm::kPageSize},
                   mm::BaseOf(mm::FrameNumber{frame}),
                   {.user = mm::Access::kNone,
                    .kernel = mm::Access::kReadWrite,
                    .caching = mm::Caching::kNormal,
                    .scope = mm::Scope::kGlobal})
              .has_value());
  }

  HostTables memory_;
  OurSpace space_;
  HostTable table_;
};

// Each finds the first page of a run of so many free pages above the region's first one. A run
// needs an unmapped page before it, which is the guard of what lies there.

// Taken and given back: two searches, where the others make one.
struct SearchAllocator {
  static uint32_t Find(MappedAreas& areas, uint32_t pages) {
    const auto run = areas.space().Allocate(pages);
    CHECK(run && areas.space().Free(*run));
    return run->first;
  }
};

// Over all mappings, in order: first fit.
struct SearchMappings {
  static uint32_t Find(MappedAreas& areas, uint32_t pages) {
    uint64_t next = 1;  // the first page that may be free
    std::optional<uint64_t> found;
    areas.table().ForEachMapping([&](const mm::Mapping& mapping) {
      const uint64_t first = mapping.range.base.value >> mm::kPageShift;
      if (!found && first >= next + pages) found = next;
      next = (mapping.range.last().value >> mm::kPageShift) + 2;
    });
    return static_cast<uint32_t>(found.value_or(next));
  }
};

// Page by page: first fit. Ends as soon as it has found one, which a walk over all does not.
struct SearchPages {
  static uint32_t Find(MappedAreas& areas, uint32_t pages) {
    uint32_t first = 1;
    for (uint32_t page = 1; page - first < pages; ++page) {
      if (areas.table().Query({mm::PageCount{page}.bytes()})) first = page + 2;
      if (page < first) page = first - 1;
    }
    return first;
  }
};

template <class Search>
class SearchJob {
 public:
  explicit SearchJob(size_t size) : areas_(size), size_(size) {}

  Sample Round() {
    constexpr double kLeastNanoseconds = 20e6;
    size_t searches = 0;
    const Stopwatch watch;
    double nanoseconds = 0;
    while (nanoseconds < kLeastNanoseconds) {
      Keep(Search::Find(areas_, MappedAreas::RandomArea(random_)));
      ++searches;
      nanoseconds = watch.nanoseconds();
    }
    const auto size = static_cast<double>(size_);
    return {.nanoseconds = nanoseconds / static_cast<double>(searches),
            .extra = {{"list bytes/area", areas_.space().bytes() / size},
                      {"table bytes/area", areas_.table_bytes() / size}}};
  }

 private:
  std::mt19937_64 random_{kRangeSeed};
  MappedAreas areas_;
  size_t size_;
};

// Whether what is found is free, also in the page tables.
template <class Search>
std::optional<std::string> VerifySearch() {
  constexpr size_t kAreas = 200;
  MappedAreas areas(kAreas);
  std::mt19937_64 random(kRangeSeed);
  for (unsigned i = 0; i < 50; ++i) {
    const uint32_t pages = MappedAreas::RandomArea(random);
    const uint32_t first = Search::Find(areas, pages);
    for (uint32_t page = first; page < first + pages; ++page) {
      if (areas.table().Query({mm::PageCount{page}.bytes()})) return "finds pages that are mapped";
    }
  }
  return std::nullopt;
}

}  // namespace bench
