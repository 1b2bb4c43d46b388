#include "kernel/init/image.h"

#include <algorithm>

#include "kernel/base/check.h"

// Defined by arch/<a>/boot/kernel.ld; only their addresses mean anything. Every one is page
// aligned. A `_limit` is the first byte after its section, which never is the top of the space.
extern "C" {
extern const char image_start[];
extern const char image_text_limit[];
extern const char image_rodata_start[];
extern const char image_rodata_limit[];
extern const char image_data_start[];
extern const char image_data_limit[];
extern const char boot_stack_frames[];
extern const char boot_stack_guard[];
extern const char boot_stack_bottom[];
extern const char boot_stack_top[];
extern const char fault_stack_guard[];
extern const char fault_stack_bottom[];
extern const char fault_stack_top[];
extern const char image_limit[];
}

namespace kernel {
namespace {

mm::VirtAddr AddressOf(const char* symbol) {
  return mm::VirtAddr{reinterpret_cast<uintptr_t>(symbol)};
}

mm::VirtRange Between(const char* start, const char* limit) {
  CHECK(start <= limit);
  return {AddressOf(start), static_cast<uint64_t>(limit - start)};
}

}  // namespace

mm::VirtAddr ImageStart() { return AddressOf(image_start); }

Image::Image(mm::PhysAddr base)
    : base_(base),
      stacks_{{
          {"boot stack", Between(boot_stack_guard, boot_stack_bottom),
           Between(boot_stack_bottom, boot_stack_top)},
          {"fault stack", Between(fault_stack_guard, fault_stack_bottom),
           Between(fault_stack_bottom, fault_stack_top)},
      }},
      guards_{stacks_[0].guard, stacks_[1].guard} {
  const auto target_of = [this](const char* symbol) {
    return base_ + (AddressOf(symbol) - ImageStart());
  };
  const auto section = [&](std::string_view name, const char* start, const char* limit,
                           mm::Access access) {
    return mm::ImageSection{name, Between(start, limit), target_of(start), access};
  };
  sections_ = {{
      section("text", image_start, image_text_limit, mm::Access::kReadExecute),
      section("rodata", image_rodata_start, image_rodata_limit, mm::Access::kRead),
      section("data", image_data_start, image_data_limit, mm::Access::kReadWrite),
      {"boot stack", stacks_[0].stack, target_of(boot_stack_frames), mm::Access::kReadWrite},
      section("fault stack", fault_stack_bottom, fault_stack_top, mm::Access::kReadWrite),
  }};
  // The boot stack may run in a region of its own, below or above.
  std::ranges::sort(sections_, {}, [](const mm::ImageSection& one) { return one.range.base; });
}

mm::VirtRange Image::range() const { return Between(image_start, image_limit); }

mm::PhysRange Image::physical_range() const { return {base_, range().size_bytes}; }

}  // namespace kernel
