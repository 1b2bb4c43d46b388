// Memory for page tables in host tests: counts, poisons, can run out, and plays a processor that
// caches whatever it may: pages it translated, and pointers to the tables on the way. What is
// cached and was not forgotten in time shows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_work.h"

namespace mm {

// What a walk of the hardware finds for one address.
struct Translation {
  PhysAddr pa;
  PageAttributes attributes;
  uint64_t spare = 0;
  uint64_t page_bytes = kPageSize;  // not compared: the model knows none

  friend bool operator==(const Translation& left, const Translation& right) {
    return left.pa == right.pa && left.attributes == right.attributes && left.spare == right.spare;
  }
};

class FakeTableMemory {
 public:
  static constexpr uint64_t kBase = 0x4000'0000;  // so that physical is not an offset by accident
  static constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

  // What the processor remembers. Both kinds belong to one address space, `asid`.
  struct CachedPage {
    VirtAddr va;
    Translation translation;
    VirtRange page;
    Asid asid;

    friend bool operator==(const CachedPage&, const CachedPage&) = default;
  };
  struct CachedTable {
    PhysAddr table;
    uint64_t entry;   // that led to it, without what means nothing to the processor
    VirtRange block;  // what the table translates
    Asid asid;

    friend bool operator==(const CachedTable&, const CachedTable&) = default;
  };
  // What a walk read.
  struct ReadWord {
    PhysAddr table;
    uint64_t word;
  };
  // Invalidations by kind.
  struct Counts {
    uint64_t rounds = 0;
    uint64_t pages = 0;
    uint64_t address_spaces = 0;
    uint64_t everything = 0;
  };

  FakeTableMemory() : bytes_(std::make_unique_for_overwrite<uint8_t[]>(kSizeBytes)) {
    std::memset(bytes_.get(), kPoison, kSizeBytes);
  }

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
    for (const CachedTable& cached : cached_tables_) {
      EXPECT_NE(cached.table, pa) << "the processor may still walk table " << pa.value;
    }
    live_.erase(found);
    std::memset(&bytes_[pa.value - kBase], kPoison, bytes);
  }

  void FreeZeroedTable(PhysAddr pa, uint64_t bytes) {
    const uint8_t* const first = &bytes_[pa.value - kBase];
    EXPECT_TRUE(std::all_of(first, first + bytes, [](uint8_t byte) { return byte == 0; }))
        << pa.value;
    FreeTable(pa, bytes);
  }

  void* Pointer(PhysAddr pa) {
    EXPECT_TRUE(kBase <= pa.value && pa.value < kBase + kSizeBytes) << pa.value;
    return &bytes_[pa.value - kBase];
  }

  void Publish(const VirtRange&) {}

  void Invalidate(const TlbWork& work) {
    if (before_invalidation_) before_invalidation_();
    ++counts_.rounds;
    switch (work.reach) {
      case TlbReach::kNothing:
        ADD_FAILURE() << "a flush of nothing";
        break;
      case TlbReach::kPages:
        for (const TlbStretch& stretch : work.stretches) ForgetStretch(stretch, work.asid);
        break;
      case TlbReach::kAddressSpace:
        ++counts_.address_spaces;
        std::erase_if(cached_pages_, [&](const CachedPage& cached) {
          return cached.asid == work.asid && cached.translation.attributes.scope != Scope::kGlobal;
        });
        std::erase_if(cached_tables_,
                      [&](const CachedTable& cached) { return cached.asid == work.asid; });
        break;
      case TlbReach::kEverything:
        ++counts_.everything;
        cached_pages_.clear();
        cached_tables_.clear();
        break;
    }
  }

  // The hardware reads a word; nothing when it lies outside every table. Notes it.
  template <class Word>
  std::optional<Word> Read(uint64_t pa) const {
    const auto above = live_.upper_bound(pa);
    if (above == live_.begin()) return std::nullopt;
    const auto& [base, size] = *std::prev(above);
    if (pa + sizeof(Word) > base + size) return std::nullopt;
    Word word;
    std::memcpy(&word, &bytes_[pa - kBase], sizeof(Word));
    read_words_.push_back({PhysAddr{base}, word});
    return word;
  }

  // What was read since the last call, in order.
  std::vector<ReadWord> TakeReadWords() const { return std::exchange(read_words_, {}); }

  // Called before each invalidation, while everything is still cached.
  void OnInvalidation(std::function<void()> callback) {
    before_invalidation_ = std::move(callback);
  }

  void Allow(uint64_t allocations) { allowed_ = allocations; }
  size_t live_tables() const { return live_.size(); }

  // Beyond kMaxCached the oldest give way, as in a TLB.
  void Cache(const CachedPage& page) { Cache(cached_pages_, page); }
  void Cache(const CachedTable& table) { Cache(cached_tables_, table); }
  const std::vector<CachedPage>& cached_pages() const { return cached_pages_; }
  const std::vector<CachedTable>& cached_tables() const { return cached_tables_; }
  const Counts& counts() const { return counts_; }

 private:
  static constexpr uint64_t kSizeBytes = 4 << 20;
  static constexpr uint8_t kPoison = 0xA5;  // an entry of A5s is present and leads nowhere
  static constexpr size_t kMaxCached = 48;

  template <class Cached>
  static void Cache(std::vector<Cached>& list, const Cached& cached) {
    if (std::ranges::find(list, cached) != list.end()) return;
    if (list.size() == kMaxCached) list.erase(list.begin());
    list.push_back(cached);
  }

  // One invalidation for each page of the stretch, which forgets what covers that one address.
  void ForgetStretch(const TlbStretch& stretch, Asid asid) {
    const uint64_t mask = stretch.page_bytes - 1;
    const auto is_hit = [&](const VirtRange& block) {
      const VirtRange common = Intersection(block, stretch.range);
      if (common.IsEmpty()) return false;
      const uint64_t offset = common.base.value - stretch.range.base.value;
      return ((offset + mask) & ~mask) - offset < common.size_bytes;
    };
    counts_.pages += base::DivideRoundUp(stretch.range.size_bytes, stretch.page_bytes);
    std::erase_if(cached_pages_, [&](const CachedPage& cached) {
      const bool is_global = cached.translation.attributes.scope == Scope::kGlobal;
      return is_hit(cached.page) && (is_global || asid == kEveryAsid || asid == cached.asid);
    });
    std::erase_if(cached_tables_, [&](const CachedTable& cached) {
      return is_hit(cached.block) && (asid == kEveryAsid || asid == cached.asid);
    });
  }

  std::unique_ptr<uint8_t[]> bytes_;
  std::map<uint64_t, uint64_t> live_;  // base to size
  uint64_t allowed_ = kUnlimited;
  std::vector<CachedPage> cached_pages_;
  std::vector<CachedTable> cached_tables_;
  Counts counts_;
  std::function<void()> before_invalidation_;
  mutable std::vector<ReadWord> read_words_;
};

}  // namespace mm
