// The areas of a process, one after the other, without its lock held while each is looked at.
#pragma once

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/space/vma.h"
#include "kernel/space/address_space.h"

namespace process {

// Calls `visitor` with the mm::VmaReport of each area. What changes meanwhile may come or not.
template <class Visitor>
void ForEachArea(const kernel::AddressSpace& space, Visitor&& visitor) {
  auto area = space.FindFirstNotBelow(mm::VirtAddr{0});
  while (area) {
    visitor(*area);
    if (area->range.last() == space.bounds().last()) return;
    area = space.FindFirstNotBelow(area->range.last() + 1);
  }
}

// Of an area, or of a request for one: memory of the process alone that it may write.
template <class Area>
[[nodiscard]] bool IsPrivateAndWritable(const Area& area) {
  return area.sharing == mm::Sharing::kPrivate && mm::Has(area.access, mm::Access::kWrite);
}

// The same without stacks: what RLIMIT_DATA and VmData count.
template <class Area>
[[nodiscard]] bool IsData(const Area& area) {
  return IsPrivateAndWritable(area) && area.kind != mm::VmaKind::kStack;
}

}  // namespace process
