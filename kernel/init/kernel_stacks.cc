#include "kernel/init/kernel_stacks.h"

#include <algorithm>
#include <new>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/tables/tlb_batch.h"

namespace kernel {
namespace {

constexpr std::string_view kName = "kernel stack";

// As the direct map has it.
constexpr mm::PageAttributes kAttributes = {.user = mm::Access::kNone,
                                            .kernel = mm::Access::kReadWrite,
                                            .caching = mm::Caching::kNormal,
                                            .scope = mm::Scope::kGlobal};

}  // namespace

KernelStacks::KernelStacks(const mm::Layout& layout, mm::PhysicalMemory& memory, KernelAreas& areas)
    : layout_(layout), memory_(memory), areas_(areas), most_in_areas_(MostInAreas(layout)) {}

size_t KernelStacks::MostInAreas(const mm::Layout& layout) {
  const uint64_t bytes = mm::AreasRegion(layout).range.size_bytes;
  return static_cast<size_t>((bytes - std::min(bytes, kForOthersBytes)) / kSlotBytes);
}

base::Result<mm::VirtRange> KernelStacks::Allocate() {
  if (in_areas_ >= most_in_areas_) return AllocateInBlock();
  const mm::VirtRange stack =
      TRY(areas_.areas().Allocate({.size_bytes = kPages.bytes(), .name = kName}));
  ++in_areas_;
  return stack;
}

void KernelStacks::Free(const mm::VirtRange& stack) {
  Block* const block = ScanForBlockOf(stack.base);
  if (block == nullptr) {
    CHECK(areas_.areas().Free(stack.base).has_value());
    --in_areas_;
    return;
  }
  const size_t slot = block->SlotOf(stack.base);
  CHECK(slot < kStacksOfBlock && block->StackOf(slot) == stack && block->is_used[slot]);
  block->is_used[slot] = false;
  if (!std::ranges::contains(block->is_used, true)) FreeBlock(*block);
}

template <class Predicate>
KernelStacks::Block* KernelStacks::ScanForBlock(Predicate&& is_wanted) const {
  for (Block& block : blocks_) {
    if (is_wanted(block)) return &block;
  }
  return nullptr;
}

base::Result<mm::VirtRange> KernelStacks::AllocateInBlock() {
  Block* block =
      ScanForBlock([](const Block& one) { return std::ranges::contains(one.is_used, false); });
  if (block == nullptr) block = TRY(MakeBlock());
  const auto slot = std::ranges::find(block->is_used, false);
  *slot = true;
  return block->StackOf(static_cast<size_t>(slot - block->is_used.begin()));
}

// Nobody uses what is cut here, so that it may be away for a moment, as ARM wants it (DDI 0406C
// B3.10.1: break before make).
base::Result<KernelStacks::Block*> KernelStacks::MakeBlock() {
  constexpr mm::PageCount kBlockPages = mm::PagesIn(kBlockBytes);
  const mm::FrameNumber first =
      TRY(memory_.Allocate({.pages = kBlockPages, .alignment = kBlockPages}));
  const mm::VirtRange range = {mm::DirectMapAddress(layout_, mm::BaseOf(first)), kBlockBytes};
  auto* const block = new (mm::PointerTo(range.last() - (mm::kPageSize - 1))) Block(range);
  mm::TlbBatch batch;
  for (size_t slot = 0; slot < kStacksOfBlock; ++slot) {
    const auto unmapped = areas_.table().Unmap(block->GuardOf(slot), batch);
    if (unmapped) continue;
    CHECK(slot == 0);  // only a large page that has to be cut takes memory, or is not to be cut
    block->~Block();
    CHECK(memory_.Free(first, kBlockPages).has_value());
    return std::unexpected(base::Error::kOutOfMemory);
  }
  batch.Flush(areas_.table_memory());
  blocks_.PushFront(*block);
  return block;
}

void KernelStacks::FreeBlock(Block& block) {
  const mm::VirtRange range = block.range;
  block.Unlink();
  block.~Block();
  mm::TlbBatch batch;
  CHECK(areas_.table().Unmap(range, batch).has_value());
  batch.Flush(areas_.table_memory());
  const mm::PhysAddr target = mm::DirectMapTargetOf(layout_, range.base);
  CHECK(areas_.table().Map(range, target, kAttributes).has_value());
  CHECK(memory_.Free(mm::FrameContaining(target), mm::PagesIn(kBlockBytes)).has_value());
}

KernelStacks::Block* KernelStacks::ScanForBlockOf(mm::VirtAddr va) const {
  return ScanForBlock([va](const Block& block) { return block.range.Contains(va); });
}

bool KernelStacks::IsInDirectMapGuard(mm::VirtAddr va) const {
  const Block* const block = ScanForBlockOf(va);
  return block != nullptr && block->IsInGuard(va);
}

base::Result<> KernelStacks::CheckInvariants() const {
  constexpr auto kCorrupt = std::unexpected(base::Error::kCorrupt);
  for (const Block& block : blocks_) {
    if (!std::ranges::contains(block.is_used, true)) return kCorrupt;
    for (uint64_t at = 0; at < kBlockBytes; at += mm::kPageSize) {
      const mm::VirtAddr page = block.range.base + at;
      const auto shown = areas_.table().Translate(page);
      const bool is_right =
          block.IsInGuard(page) ? !shown : shown == mm::DirectMapTargetOf(layout_, page);
      if (!is_right) return kCorrupt;
    }
  }
  return {};
}

}  // namespace kernel
