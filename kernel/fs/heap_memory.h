// The kernel's heap as the file system's memory.
#pragma once

#include <cstddef>

#include "kernel/base/result.h"
#include "kernel/fs/object.h"
#include "kernel/mm/heap/kernel_heap.h"

namespace fs {

class HeapMemory final : public Memory {
 public:
  explicit HeapMemory(mm::KernelHeap& heap) : heap_(heap) {}

  base::Result<void*> Allocate(size_t bytes) override { return heap_.Allocate(bytes); }
  void Free(void* block) override { heap_.Free(block); }

 private:
  mm::KernelHeap& heap_;
};

}  // namespace fs
