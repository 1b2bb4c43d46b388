// Memory of the heap for a while.
#pragma once

#include <cstddef>
#include <span>
#include <utility>

#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/posix/errno.h"

namespace process {

// Contents are arbitrary at first.
template <class T>
class HeapBlock {
 public:
  // Error: kOutOfMemory.
  [[nodiscard]] static posix::Result<HeapBlock> Make(mm::KernelHeap& heap, size_t count) {
    const auto block = heap.Allocate(count * sizeof(T));
    if (!block) return std::unexpected(posix::Errno::kOutOfMemory);
    return HeapBlock(heap, {static_cast<T*>(*block), count});
  }
  HeapBlock(HeapBlock&& other) noexcept
      : heap_(other.heap_), items_(std::exchange(other.items_, {})) {}
  HeapBlock& operator=(HeapBlock&&) = delete;
  ~HeapBlock() { heap_.Free(items_.data()); }

  [[nodiscard]] std::span<T> items() const { return items_; }

 private:
  HeapBlock(mm::KernelHeap& heap, std::span<T> items) : heap_(heap), items_(items) {}

  mm::KernelHeap& heap_;
  std::span<T> items_;
};

}  // namespace process
