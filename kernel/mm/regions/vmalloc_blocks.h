// The kernel heap's large blocks: areas of vmalloc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/heap/kernel_heap_large.h"
#include "kernel/mm/regions/vmalloc_areas.h"

namespace mm {

// `Areas` is a Vmalloc. Every block has pages of its own: one that overruns meets the guard.
template <class Areas>
class VmallocBlocks final : public LargeBlocks {
 public:
  // `areas` outlives this, and so does `name`, which is that of every block's area.
  VmallocBlocks(Areas& areas, std::string_view name) : areas_(areas), name_(name) {}

  [[nodiscard]] base::Result<void*> AllocateBlock(size_t bytes, size_t alignment) override {
    return PointerTo(
        TRY(areas_.Allocate({.size_bytes = bytes, .name = name_, .alignment = alignment})).base);
  }

  [[nodiscard]] base::Result<> FreeBlock(void* block) override {
    if (!areas_.Free(AddressOf(block))) return std::unexpected(base::Error::kNotFound);
    return {};
  }

  [[nodiscard]] base::Result<size_t> BlockBytes(const void* block) const override {
    const std::optional<AreaPlace> place = areas_.Find(AddressOf(block));
    if (!place || place->where != AreaPlace::Where::kInside) {
      return std::unexpected(base::Error::kNotFound);
    }
    const VmallocArea& area = place->area;
    const bool is_block = area.range.base == AddressOf(block) && area.kind == AreaKind::kMemory &&
                          area.state == AreaState::kLive;
    if (!is_block) return std::unexpected(base::Error::kNotFound);
    return static_cast<size_t>(area.range.size_bytes);
  }

 private:
  Areas& areas_;
  std::string_view name_;
};

}  // namespace mm
