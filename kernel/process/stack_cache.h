// Kernel stacks that were given back and are likely to be wanted soon: fork would spend most of its
// time on making one.
#pragma once

#include <array>
#include <cstddef>

#include "kernel/base/result.h"
#include "kernel/mm/facts/range.h"
#include "kernel/process/environment.h"

namespace process {

class StackCache {
 public:
  static constexpr size_t kMostKept = 8;

  explicit StackCache(StackSource& source) : source_(source) {}
  StackCache(const StackCache&) = delete;
  StackCache& operator=(const StackCache&) = delete;
  ~StackCache() { GiveBack(); }

  // Contents are arbitrary. Error: kOutOfMemory.
  [[nodiscard]] base::Result<mm::VirtRange> Allocate() {
    if (kept_count_ > 0) return kept_[--kept_count_];
    return source_.AllocateStack();
  }
  void Free(const mm::VirtRange& stack) {
    if (kept_count_ == kMostKept) return source_.FreeStack(stack);
    kept_[kept_count_++] = stack;
  }

  // Keeps none.
  void GiveBack() {
    while (kept_count_ > 0) source_.FreeStack(kept_[--kept_count_]);
  }

 private:
  StackSource& source_;
  std::array<mm::VirtRange, kMostKept> kept_;
  size_t kept_count_ = 0;
};

}  // namespace process
