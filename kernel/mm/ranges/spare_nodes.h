// Nodes taken from a pool before they are needed, so that a change does not stop half way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/frames/node_pool.h"
#include "kernel/mm/frames/page_source.h"

namespace mm {

class SpareNodes {
 public:
  // Seven cache lines: nine nodes fill a page beside the pool's header.
  static constexpr size_t kNodeBytes = 1344;

  explicit SpareNodes(PageSource& source) : pool_(source, kNodeBytes) {}
  SpareNodes(const SpareNodes&) = delete;
  SpareNodes& operator=(const SpareNodes&) = delete;
  ~SpareNodes() { KeepAtMost(0); }

  // Error: kOutOfMemory; what could be had is kept.
  [[nodiscard]] base::Result<> EnsureAtLeast(uint64_t count) {
    while (count_ < count) Keep(TRY(pool_.Allocate()));
    return {};
  }

  void KeepAtMost(uint64_t count) {
    while (count_ > count) pool_.Free(Take());
  }

  [[nodiscard]] void* Take() {
    CHECK(first_ != nullptr);  // all that is taken was set aside
    --count_;
    return std::exchange(first_, first_->next);
  }

  void Keep(void* node) {
    first_ = new (node) Spare{first_};
    ++count_;
  }

  [[nodiscard]] uint64_t count() const { return count_; }
  [[nodiscard]] const NodePool& pool() const { return pool_; }

 private:
  struct Spare {
    Spare* next;
  };

  NodePool pool_;
  Spare* first_ = nullptr;
  uint64_t count_ = 0;
};

}  // namespace mm
