// A page table, a TLB and frames for tests of vmalloc: small, and suspicious. What the processor
// may still translate after an unmapping is stale until it is invalidated; giving away a stale
// address or frame fails a CHECK.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/tlb_work.h"
#include "kernel/mm/test_failures.h"

namespace mm {

// Of `kPages` pages, translated by a table that needs memory for each run that it maps.
template <size_t kPages>
class FakeVmallocTable {
 public:
  explicit FakeVmallocTable(VirtAddr base) : base_(base) {}

  // The part of a page table that Vmalloc uses.
  [[nodiscard]] base::Result<> Map(const VirtRange& range, PhysAddr target,
                                   const PageAttributes& attributes) {
    if (Has(attributes.kernel, Access::kWrite | Access::kExecute)) {
      return std::unexpected(base::Error::kUnsupported);
    }
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    for (size_t i = 0; i < PagesIn(range.size_bytes).value; ++i) {
      Page& page = PageAt(range.base + i * kPageSize);
      CHECK(!page.mapped && !page.stale);
      page = {target + i * kPageSize, attributes, true, false};
    }
    return {};
  }
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range, TlbBatch& batch) {
    for (size_t i = 0; i < PagesIn(range.size_bytes).value; ++i) {
      const VirtAddr va = range.base + i * kPageSize;
      Page& page = PageAt(va);
      if (!page.mapped) continue;
      page.mapped = false;
      page.stale = true;
      batch.AddPages({va, kPageSize}, kPageSize, page.attributes.scope);
    }
    return {};
  }
  [[nodiscard]] std::optional<PhysAddr> Translate(VirtAddr va) const {
    const Page& page = pages_[IndexOf(va)];
    if (!page.mapped) return std::nullopt;
    return page.target + (va.value & (kPageSize - 1));
  }

  // The part of a table memory that a TlbBatch uses.
  void Invalidate(const TlbWork& work) {
    ++invalidations;
    if (work.reach != TlbReach::kPages) {
      for (Page& page : pages_) page.stale = false;
      return;
    }
    for (const TlbStretch& stretch : work.stretches) {
      for (size_t i = 0; i < PagesIn(stretch.range.size_bytes).value; ++i) {
        PageAt(stretch.range.base + i * kPageSize).stale = false;
      }
    }
  }
  void* Pointer(PhysAddr) { return nullptr; }
  void FreeTable(PhysAddr, uint64_t) {}

  // Whether a processor may still reach a frame.
  [[nodiscard]] bool Reaches(FrameNumber frame) const {
    for (const Page& page : pages_) {
      if ((page.mapped || page.stale) && page.target == BaseOf(frame)) return true;
    }
    return false;
  }
  [[nodiscard]] const PageAttributes& AttributesAt(VirtAddr va) const {
    return pages_[IndexOf(va)].attributes;
  }
  [[nodiscard]] size_t mapped_pages() const {
    size_t count = 0;
    for (const Page& page : pages_) count += page.mapped ? 1 : 0;
    return count;
  }

  FailurePoint failure;
  unsigned invalidations = 0;

 private:
  struct Page {
    PhysAddr target;
    PageAttributes attributes;
    bool mapped = false;
    bool stale = false;
  };

  [[nodiscard]] size_t IndexOf(VirtAddr va) const {
    const uint64_t index = (va - base_) / kPageSize;
    CHECK(index < kPages);
    return static_cast<size_t>(index);
  }
  Page& PageAt(VirtAddr va) { return pages_[IndexOf(va)]; }

  VirtAddr base_;
  std::array<Page, kPages> pages_{};
};

// Every third frame is missing, so that runs are short; the lowest one free is given out.
template <size_t kFrames, class Table>
class FakeVmallocFrames {
 public:
  static constexpr FrameNumber kFirst{0x100};

  explicit FakeVmallocFrames(const Table& table) : table_(table) {}

  [[nodiscard]] base::Result<FrameNumber> AllocateFrame() {
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    for (size_t i = 0; i < kFrames; ++i) {
      if (i % 3 == 2 || taken_[i]) continue;
      taken_[i] = true;
      ++in_use_;
      const FrameNumber frame{kFirst.value + i};
      CHECK(!table_.Reaches(frame));
      return frame;
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }
  void FreeFrame(FrameNumber frame) {
    CHECK(!table_.Reaches(frame));
    const size_t index = IndexOf(frame);
    CHECK(taken_[index]);
    taken_[index] = false;
    --in_use_;
  }
  [[nodiscard]] FrameNumber LinkOf(FrameNumber frame) const { return links_[IndexOf(frame)]; }
  void SetLink(FrameNumber frame, FrameNumber next) { links_[IndexOf(frame)] = next; }

  [[nodiscard]] size_t in_use() const { return in_use_; }

  FailurePoint failure;

 private:
  [[nodiscard]] static size_t IndexOf(FrameNumber frame) {
    const uint64_t index = frame.value - kFirst.value;
    CHECK(index < kFrames);
    return static_cast<size_t>(index);
  }

  const Table& table_;
  std::array<bool, kFrames> taken_{};
  std::array<FrameNumber, kFrames> links_{};
  size_t in_use_ = 0;
};

// One at a time, too large for a kernel's stack.
template <class World>
class Fresh {
 public:
  Fresh() : world_(*new(storage_.data()) World) {}
  Fresh(const Fresh&) = delete;
  Fresh& operator=(const Fresh&) = delete;
  ~Fresh() { world_.~World(); }

  [[nodiscard]] World& operator*() const { return world_; }

 private:
  alignas(World) static constinit inline std::array<std::byte, sizeof(World)> storage_{};

  World& world_;
};

}  // namespace mm
