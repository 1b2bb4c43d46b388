// A region for tests: memory of its own, the descriptors of its pages, growth that fails on demand,
// and maybe a gap.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <vector>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "kernel/mm/test_failures.h"
#include "userspace/libatlas/memory_region.h"

namespace libatlas {

class TestRegion final : public MemoryRegion {
 public:
  // Pages that the region skips.
  struct Gap {
    mm::PageCount before;
    mm::PageCount pages;
  };

  explicit TestRegion(mm::PageCount pages) : TestRegion(pages, {.before = pages, .pages = {0}}) {}
  TestRegion(mm::PageCount pages, const Gap& gap)
      : gap_base_(static_cast<size_t>(gap.before.bytes())),
        gap_end_(static_cast<size_t>((gap.before + gap.pages).bytes())),
        bytes_(static_cast<size_t>(pages.bytes())),
        memory_(static_cast<std::byte*>(::operator new(bytes_, kAlignment))),
        descriptors_(static_cast<size_t>(pages.value)),
        notes_(static_cast<size_t>(pages.value)) {
    // What nobody asked for is not zero.
    std::memset(memory_, kNobodys, bytes_);
  }
  ~TestRegion() { ::operator delete(memory_, kAlignment); }
  TestRegion(const TestRegion&) = delete;
  TestRegion& operator=(const TestRegion&) = delete;

  [[nodiscard]] std::byte* base() const override { return memory_; }
  [[nodiscard]] std::span<mm::FrameDescriptor> descriptors() const override {
    // Descriptors are the heap's to change.
    return const_cast<std::vector<mm::FrameDescriptor>&>(descriptors_);
  }
  [[nodiscard]] std::span<PageNote> notes() const override {
    return const_cast<std::vector<PageNote>&>(notes_);
  }
  [[nodiscard]] base::Result<> Resize(size_t bytes) override {
    CHECK(bytes <= bytes_ && bytes % mm::kPageSize == 0);
    CHECK(!has_skipped_ || bytes >= gap_end_);
    if (bytes > used_) {
      if (!has_skipped_ && bytes > gap_base_) return std::unexpected(base::Error::kOutOfMemory);
      if (failure_.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
      std::memset(memory_ + used_, 0, bytes - used_);
    } else {
      std::memset(memory_ + bytes, kNobodys, used_ - bytes);
    }
    used_ = bytes;
    return {};
  }
  [[nodiscard]] base::Result<size_t> Skip(size_t bytes) override {
    if (has_skipped_ || bytes > bytes_ - gap_end_ || failure_.MustFail()) {
      return std::unexpected(base::Error::kOutOfMemory);
    }
    has_skipped_ = true;
    return used_ = gap_end_;
  }
  void Forget(void* first, size_t bytes) override {
    const auto* const start = static_cast<std::byte*>(first);
    CHECK(start >= memory_ && start + bytes <= memory_ + used_);
    std::memset(first, 0, bytes);
    forgotten_ += bytes;
  }

  [[nodiscard]] mm::PageCount pages() const { return mm::PagesIn(used_); }
  // Nobody has written to what is not the region's.
  [[nodiscard]] bool IsGapUntouched() const {
    return std::all_of(memory_ + gap_base_, memory_ + gap_end_,
                       [](std::byte byte) { return byte == std::byte{kNobodys}; });
  }
  [[nodiscard]] mm::PageCount forgotten() const { return mm::PagesIn(forgotten_); }

  // See mm::FailurePoint: it is growth that fails.
  void FailAllocation(unsigned n) { failure_.FailAllocation(n); }
  void FailAfter(unsigned n) { failure_.FailAfter(n); }
  void FailNothing() { failure_.FailNothing(); }
  [[nodiscard]] bool has_failed() const { return failure_.has_failed(); }

 private:
  static constexpr std::align_val_t kAlignment{mm::kMaxSlabBytes};
  static constexpr int kNobodys = 0x5c;

  size_t gap_base_;
  size_t gap_end_;
  size_t bytes_;
  std::byte* memory_;
  std::vector<mm::FrameDescriptor> descriptors_;
  std::vector<PageNote> notes_;
  bool has_skipped_ = false;
  size_t used_ = 0;
  size_t forgotten_ = 0;
  mm::FailurePoint failure_;
};

}  // namespace libatlas
