#include "kernel/init/image.h"

#include <algorithm>

#include "kernel/base/check.h"

// Defined by the linker scripts of arch/<a>/boot; only their addresses mean anything. All are page
// aligned but those of what may be packed: the boot stack's top, what contexts share, the tail. A
// `_limit` is the first byte after its section, which never is the top of the space.
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
extern const char boot_stack_limit[];
extern const char fault_stack_bottom[];
extern const char fault_stack_top[];
extern const char scratchpad_frames[];
extern const char scratchpad_start[];
extern const char scratchpad_limit[];
extern const char shared_original_start[];
extern const char shared_original_limit[];
extern const char shared_copy_start[];
extern const char shared_copy_limit[];
extern const char image_tail_start[];
extern const char image_limit[];
// Not where other pages that nobody writes lie below.
[[gnu::weak]] extern const char fault_stack_guard[];
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

mm::VirtRange FaultStackGuard() {
  if (fault_stack_guard == nullptr) return {};
  return Between(fault_stack_guard, fault_stack_bottom);
}

}  // namespace

mm::VirtAddr ImageStart() { return AddressOf(image_start); }

Image::Image(mm::PhysAddr base, const mm::Layout& layout)
    : base_(base),
      stacks_{{
          {"boot stack", "guard page", Between(boot_stack_guard, boot_stack_bottom),
           Between(boot_stack_bottom, boot_stack_top)},
          {"fault stack", "guard page", FaultStackGuard(),
           Between(fault_stack_bottom, fault_stack_top)},
      }} {
  const auto target_of = [this](const char* symbol) {
    return base_ + (AddressOf(symbol) - ImageStart());
  };
  const auto user_access = [&layout](std::string_view part) {
    const mm::Part* const found = mm::FindPart(layout.image_parts, part);
    return found != nullptr ? found->user : mm::Access::kNone;
  };
  const auto section = [&](std::string_view name, const char* start, const char* limit,
                           mm::Access access) {
    return mm::ImageSection{name, Between(start, limit), target_of(start), access,
                            user_access(name)};
  };
  sections_ = {{
      section("text", image_start, image_text_limit, mm::Access::kReadExecute),
      section("rodata", image_rodata_start, image_rodata_limit, mm::Access::kRead),
      section("data", image_data_start, image_data_limit, mm::Access::kReadWrite),
      {"boot stack", Between(boot_stack_bottom, boot_stack_limit), target_of(boot_stack_frames),
       mm::Access::kReadWrite},
      section("fault stack", fault_stack_bottom, fault_stack_top, mm::Access::kReadWrite),
      {"scratchpad", Between(scratchpad_start, scratchpad_limit), target_of(scratchpad_frames),
       mm::Access::kReadWrite},
  }};
  // Scratchpad and boot stack may run in a region of their own, below or above.
  std::ranges::sort(sections_, {}, [](const mm::ImageSection& one) { return one.range.base; });
  for (const KernelStack& stack : stacks_) {
    if (!stack.guard.IsEmpty()) guards_[guard_count_++] = stack.guard;
  }
  if (!layout.image_parts.empty()) PlaceParts(layout);
}

// The heap is what the image leaves of its region.
void Image::PlaceParts(const mm::Layout& layout) {
  const mm::Region* const region = mm::FindRegion(layout, ImageStart());
  CHECK(region != nullptr);
  parts_ = {{
      {"text", Between(image_start, image_text_limit)},
      {"rodata", Between(image_rodata_start, image_rodata_limit)},
      {"data", Between(fault_stack_bottom, image_data_limit)},
      {"shared original", Between(shared_original_start, shared_original_limit)},
      {"kernel stack", Between(boot_stack_bottom, boot_stack_top)},
      {"kernel shared", Between(shared_copy_start, shared_copy_limit)},
      {"kernel heap", mm::FromFirstToLast(AddressOf(image_tail_start), region->range.last())},
  }};
  part_count_ = parts_.size();
  stacks_[0].below = "shared original";
}

mm::VirtRange Image::shared_original() const {
  return Between(shared_original_start, shared_original_limit);
}

mm::VirtRange Image::tail() const { return Between(image_tail_start, image_limit); }

mm::VirtRange Image::range() const { return Between(image_start, image_limit); }

mm::PhysRange Image::physical_range() const { return {base_, range().size_bytes}; }

mm::PhysAddr Image::TargetOf(mm::VirtAddr va) const { return base_ + range().OffsetOf(va); }

}  // namespace kernel
