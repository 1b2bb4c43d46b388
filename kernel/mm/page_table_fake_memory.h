// Memory for page tables in host tests: counts, poisons, can run out, and plays a TLB that notices
// when a change was not announced.
#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/mm/address.h"
#include "kernel/mm/attributes.h"
#include "kernel/mm/range.h"

namespace mm {

// What a walk of the hardware finds for one address.
struct Translation {
  PhysAddr pa;
  PageAttributes attributes;

  friend bool operator==(const Translation&, const Translation&) = default;
};

class FakeTableMemory {
 public:
  static constexpr uint64_t kBase = 0x4000'0000;  // so that physical is not an offset by accident
  static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

  FakeTableMemory() : bytes_(kSizeBytes, kPoison) {}

  base::Result<PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    if (allowed_ == 0) return std::unexpected(base::Error::kOutOfMemory);
    if (allowed_ != kUnlimited) --allowed_;
    uint64_t at = kBase;
    for (const auto& [pa, size] : live_) {
      if (at + bytes <= pa) break;
      at = base::AlignUp(pa + size, alignment);
    }
    if (at + bytes > kBase + kSizeBytes) return std::unexpected(base::Error::kOutOfMemory);
    live_[at] = bytes;
    std::memset(&bytes_[at - kBase], 0, bytes);
    return PhysAddr{at};
  }

  void FreeTable(PhysAddr pa, uint64_t bytes) {
    const auto found = live_.find(pa.value);
    ASSERT_TRUE(found != live_.end()) << "freed twice or never allocated: " << pa.value;
    ASSERT_EQ(found->second, bytes);
    if (in_use_.erase(pa.value) > 0) {
      EXPECT_TRUE(announced_) << "a processor may still walk table " << pa.value;
      announced_ = false;
    }
    live_.erase(found);
    std::memset(&bytes_[pa.value - kBase], kPoison, bytes);
  }

  void* Pointer(PhysAddr pa) { return &bytes_.at(pa.value - kBase); }

  void Publish(const VirtRange&) {}
  void Invalidate(const VirtRange& range) {
    announced_ = true;
    std::erase_if(tlb_, [&](const auto& cached) { return range.Contains(VirtAddr{cached.first}); });
  }

  // The hardware reads a word; nothing when it lies outside every table.
  template <class Word>
  std::optional<Word> Read(uint64_t pa) const {
    const auto above = live_.upper_bound(pa);
    if (above == live_.begin()) return std::nullopt;
    const auto& [base, size] = *std::prev(above);
    if (pa + sizeof(Word) > base + size) return std::nullopt;
    Word word;
    std::memcpy(&word, &bytes_[pa - kBase], sizeof(Word));
    return word;
  }

  // From here on, freeing one of the present tables takes an invalidation of its own.
  void StartWalking() {
    in_use_ = live_;
    announced_ = false;
  }

  void Allow(uint64_t allocations) { allowed_ = allocations; }
  size_t live_tables() const { return live_.size(); }

  // A page the hardware used, by its first address.
  void Cache(VirtAddr va, const Translation& translation) {
    tlb_.insert_or_assign(va.value, translation);
  }
  const std::map<uint64_t, Translation>& tlb() const { return tlb_; }

 private:
  static constexpr uint64_t kSizeBytes = 8 << 20;
  static constexpr uint8_t kPoison = 0xA5;  // an entry of A5s is present and leads nowhere

  std::vector<uint8_t> bytes_;
  std::map<uint64_t, uint64_t> live_;    // base to size
  std::map<uint64_t, uint64_t> in_use_;  // those that processors may have pointers to
  bool announced_ = false;
  uint64_t allowed_ = kUnlimited;
  std::map<uint64_t, Translation> tlb_;
};

}  // namespace mm
