#include "testing/layering/layout_literals.h"

#include <cstdint>
#include <format>
#include <string>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "layouts/all.h"

namespace layering {
namespace {

// Below this, an address of a layout cannot be told from a size.
constexpr uint64_t kSmallest = 0x1000'0000;
// Nor can the largest numbers of 32 and 64 bits, and the last page of 32, from masks.
constexpr uint64_t kAllOnes32 = 0xFFFF'FFFF;
constexpr uint64_t kLastPage32 = 0xFFFF'F000;
constexpr uint64_t kAllOnes64 = ~uint64_t{0};

std::string FindIn(const mm::Layout& layout, uint64_t number) {
  if (number == layout.image_link_base.value) return std::format("where {} links", layout.name);
  if (number == layout.image_load_base.value) return std::format("where {} loads", layout.name);
  const bool is_wide = layout.shape.extension == mm::HardwareShape::Extension::kSign;
  for (const mm::Region& region : layout.regions) {
    const auto in_region = [&](const char* what) {
      return std::format("{} {} in {}", what, region.name, layout.name);
    };
    if (number == region.range.base.value) return in_region("the base of");
    if (number == region.range.last().value) return in_region("the last byte of");
    const bool in_kernel = is_wide && mm::IsKernelService(region.service) &&
                           region.range.Contains(mm::VirtAddr{number});
    if (in_kernel) return in_region("inside");
  }
  return "";
}

}  // namespace

std::string FindLayoutAddress(uint64_t number) {
  if (number < kSmallest || number == kAllOnes32 || number == kAllOnes64) return "";
  if (number == kLastPage32) return "";
  for (const auto& layouts_of_one : layouts::kAll) {
    for (const mm::Layout* const layout : layouts_of_one) {
      if (std::string found = FindIn(*layout, number); !found.empty()) return found;
    }
  }
  return "";
}

}  // namespace layering
