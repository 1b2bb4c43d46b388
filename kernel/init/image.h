// The kernel's own image: its sections and stacks, as the linker placed them.
//
// The linker script's symbols are read here and nowhere else.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace kernel {

// A stack of the boot processor and the unmapped pages below it, of which there may be none.
struct KernelStack {
  std::string_view name;
  std::string_view below;  // what the guard is
  mm::VirtRange guard;
  mm::VirtRange stack;
};

// Where the image's first byte runs.
mm::VirtAddr ImageStart();

class Image {
 public:
  // `base` is where the image's first byte lies. `layout` says which parts user mode shares.
  Image(mm::PhysAddr base, const mm::Layout& layout);

  // Text, read-only data, data, scratchpad, and each stack: ascending, whole pages, guards left
  // out.
  std::span<const mm::ImageSection> sections() const { return sections_; }
  std::span<const KernelStack> stacks() const { return stacks_; }
  // Those of the stacks. A stack right above constants needs none.
  std::span<const mm::VirtRange> guards() const { return std::span(guards_).first(guard_count_); }

  // The parts as they lie, for a layout that packs them; else none.
  std::span<const mm::PlacedPart> parts() const { return std::span(parts_).first(part_count_); }

  // What contexts share, as it is at first: of a layout that packs its image, in pages of its own
  // that nobody may touch.
  mm::VirtRange shared_original() const;

  // What the image leaves of its last page.
  mm::VirtRange tail() const;

  mm::VirtRange range() const;
  mm::PhysRange physical_range() const;
  // Where what runs at `va`, which is the image's, lies.
  mm::PhysAddr TargetOf(mm::VirtAddr va) const;

 private:
  void PlaceParts(const mm::Layout& layout);

  mm::PhysAddr base_;
  std::array<mm::ImageSection, 6> sections_;
  std::array<KernelStack, 2> stacks_;
  std::array<mm::VirtRange, 2> guards_;
  size_t guard_count_ = 0;
  std::array<mm::PlacedPart, 7> parts_;
  size_t part_count_ = 0;
};

}  // namespace kernel
