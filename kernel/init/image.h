// The kernel's own image: its sections and stacks, as the linker placed them.
//
// The linker script's symbols are read here and nowhere else.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/mm/address.h"
#include "kernel/mm/layout_verify.h"
#include "kernel/mm/range.h"

namespace kernel {

// A stack of the boot processor and the unmapped page below it.
struct KernelStack {
  std::string_view name;
  mm::VirtRange guard;
  mm::VirtRange stack;
};

// Where the image's first byte runs.
mm::VirtAddr ImageStart();

class Image {
 public:
  // `base` is where the firmware put the image's first byte.
  explicit Image(mm::PhysAddr base);

  // Text, read-only data, data, and each stack: ascending, whole pages, guards left out.
  std::span<const mm::ImageSection> sections() const { return sections_; }
  std::span<const KernelStack> stacks() const { return stacks_; }
  std::span<const mm::VirtRange> guards() const { return guards_; }

  mm::VirtRange range() const;
  mm::PhysRange physical_range() const;

 private:
  mm::PhysAddr base_;
  std::array<mm::ImageSection, 5> sections_;
  std::array<KernelStack, 2> stacks_;
  std::array<mm::VirtRange, 2> guards_;
};

}  // namespace kernel
