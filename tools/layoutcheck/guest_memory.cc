#include "tools/layoutcheck/guest_memory.h"

#include <algorithm>
#include <cstddef>
#include <expected>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace layoutcheck {
namespace {

PhysicalAddress PageOf(PhysicalAddress address) {
  return {address.value - address.value % kPageBytes};
}

}  // namespace

const PhysicalRange* FindRange(std::span<const PhysicalRange> ranges, PhysicalAddress address) {
  const auto found = std::ranges::lower_bound(ranges, address, {}, &PhysicalRange::last);
  return found != ranges.end() && found->Contains(address) ? &*found : nullptr;
}

bool GuestMemory::IsMemory(PhysicalAddress page) const {
  const PhysicalRange* const range = FindRange(source_.Memory(), page);
  return range != nullptr && range->Contains(page + (kPageBytes - 1));
}

std::expected<void, std::string> GuestMemory::Fetch(std::span<const PhysicalAddress> addresses) {
  std::vector<PhysicalAddress> wanted;
  for (const PhysicalAddress address : addresses) {
    const PhysicalAddress page = PageOf(address);
    if (IsMemory(page) && !pages_.contains(page.value)) wanted.push_back(page);
  }
  std::ranges::sort(wanted);
  const auto repeated = std::ranges::unique(wanted);
  wanted.erase(repeated.begin(), repeated.end());
  if (wanted.empty()) return {};
  std::expected<std::vector<Page>, std::string> pages = source_.ReadPages(wanted);
  if (!pages) return std::unexpected(std::move(pages.error()));
  for (size_t index = 0; index < wanted.size(); ++index) {
    pages_.emplace(wanted[index].value, (*pages)[index]);
  }
  return {};
}

const Page* GuestMemory::Find(PhysicalAddress address) const {
  const auto page = pages_.find(PageOf(address).value);
  return page == pages_.end() ? nullptr : &page->second;
}

}  // namespace layoutcheck
