#include "kernel/init/image.h"

#include "kernel/base/check.h"

// Defined by arch/<a>/boot/kernel.ld; only their addresses mean anything. Every one is page
// aligned. A `_limit` is the first byte after its section, which never is the top of the space.
extern "C" {
extern const char image_start[];
extern const char image_text_limit[];
extern const char image_rodata_start[];
extern const char image_rodata_limit[];
extern const char image_data_start[];
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
  const auto section = [this](std::string_view name, mm::VirtRange range, mm::Access access) {
    const uint64_t offset = range.base.value - ImageStart().value;
    return mm::ImageSection{name, range, mm::PhysAddr{base_.value + offset}, access};
  };
  sections_ = {{
      section("text", Between(image_start, image_text_limit), mm::Access::kReadExecute),
      section("rodata", Between(image_rodata_start, image_rodata_limit), mm::Access::kRead),
      section("data", Between(image_data_start, boot_stack_guard), mm::Access::kReadWrite),
      section("boot stack", stacks_[0].stack, mm::Access::kReadWrite),
      section("fault stack", stacks_[1].stack, mm::Access::kReadWrite),
  }};
}

mm::VirtRange Image::range() const { return Between(image_start, image_limit); }

mm::PhysRange Image::physical_range() const { return {base_, range().size_bytes}; }

}  // namespace kernel
