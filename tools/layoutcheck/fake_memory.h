// Physical memory for tests: pages exist where something was written, or was promised.
#pragma once

#include <cstdint>
#include <cstring>
#include <expected>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/guest_memory.h"

namespace layoutcheck {

class FakeMemory final : public PageSource {
 public:
  explicit FakeMemory(std::vector<PhysicalRange> memory) : memory_(std::move(memory)) {}

  template <class Word>
  void Write(uint64_t address, Word word) {
    Page& page = pages_[address - address % kPageBytes];
    std::memcpy(page.data() + address % kPageBytes, &word, sizeof(word));
  }

  std::span<const PhysicalRange> Memory() const override { return memory_; }

  std::expected<std::vector<Page>, std::string> ReadPages(
      std::span<const PhysicalAddress> addresses) override {
    ++reads;
    std::vector<Page> pages;
    for (const PhysicalAddress address : addresses) {
      ++pages_read;
      if (address.value == broken_page) return std::unexpected("broken memory");
      const auto page = pages_.find(address.value);
      pages.push_back(page == pages_.end() ? Page{} : page->second);
    }
    return pages;
  }

  uint64_t broken_page = ~uint64_t{0};  // cannot be read
  uint64_t reads = 0;
  uint64_t pages_read = 0;

 private:
  std::vector<PhysicalRange> memory_;
  std::map<uint64_t, Page> pages_;
};

}  // namespace layoutcheck
