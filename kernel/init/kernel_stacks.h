// Kernel stacks of threads, each above a page that is not mapped.
//
// They are areas while those leave room to others. A small region is full long before memory is
// (docs/adr/0030): more stacks lie in the direct map, in blocks of RAM that nobody else uses, of
// which the pages below stacks are not shown any more. Not locked: one processor runs.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/ops/stacks.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/kernel_space.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/physical_memory.h"

namespace kernel {

class KernelStacks {
 public:
  static constexpr mm::PageCount kPages = arch::kKernelStackPages;  // of one

  // All of them outlive this.
  KernelStacks(const mm::Layout& layout, mm::PhysicalMemory& memory, KernelAreas& areas);

  // Contents are arbitrary. Error: kOutOfMemory, also where there is no place for more.
  [[nodiscard]] base::Result<mm::VirtRange> Allocate();
  // CHECKed: it is what Allocate() gave.
  void Free(const mm::VirtRange& stack);

  // Whether the page is that below a stack in the direct map. O(blocks).
  [[nodiscard]] bool IsInDirectMapGuard(mm::VirtAddr va) const;

  // kCorrupt when the direct map does not show each block as it should be. O(pages of blocks).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr uint64_t kSlotBytes = kPages.bytes() + mm::kPageSize;  // a guard and a stack
  // What of the areas' region is not for stacks: devices, windows, large blocks.
  static constexpr uint64_t kForOthersBytes = uint64_t{2} << 20;
  static constexpr uint64_t kBlockBytes = KernelSpace::kTableSpan;
  // Behind them is a page for what follows.
  static constexpr size_t kStacksOfBlock = (kBlockBytes - mm::kPageSize) / kSlotBytes;

  // In its own last page.
  struct Block : base::ListHook<Block> {
    explicit Block(const mm::VirtRange& of) : range(of) {}

    [[nodiscard]] mm::VirtRange GuardOf(size_t slot) const {
      return {range.base + slot * kSlotBytes, mm::kPageSize};
    }
    [[nodiscard]] mm::VirtRange StackOf(size_t slot) const {
      return {GuardOf(slot).last() + 1, kPages.bytes()};
    }
    [[nodiscard]] bool IsInGuard(mm::VirtAddr va) const {
      const size_t slot = SlotOf(va);
      return slot < kStacksOfBlock && GuardOf(slot).Contains(va);
    }
    [[nodiscard]] size_t SlotOf(mm::VirtAddr va) const {
      return static_cast<size_t>((va - range.base) / kSlotBytes);
    }

    const mm::VirtRange range;
    std::array<bool, kStacksOfBlock> is_used{};
  };

  [[nodiscard]] static size_t MostInAreas(const mm::Layout& layout);
  [[nodiscard]] base::Result<mm::VirtRange> AllocateInBlock();
  [[nodiscard]] base::Result<Block*> MakeBlock();
  void FreeBlock(Block& block);
  template <class Predicate>
  [[nodiscard]] Block* ScanForBlock(Predicate&& is_wanted) const;
  // The one that holds `va`.
  [[nodiscard]] Block* ScanForBlockOf(mm::VirtAddr va) const;

  const mm::Layout& layout_;
  mm::PhysicalMemory& memory_;
  KernelAreas& areas_;
  const size_t most_in_areas_;
  size_t in_areas_ = 0;
  mutable base::List<Block> blocks_;
};

}  // namespace kernel
