// The heap of the whole program: one, with a cache for each thread. It begins with the first block,
// a thread's cache with the thread's first, and ends with the thread.
#pragma once

#include <cstddef>

#include "kernel/base/result.h"
#include "userspace/libatlas/heap.h"
#include "userspace/libatlas/memory_region.h"

namespace libatlas {

// Each program has one of brk_region.cc and mapped_region.cc. Error: kOutOfMemory.
[[nodiscard]] base::Result<MemoryRegion*> OpenRegion();

namespace program_heap {

// Not destroyed: other destructors may still free blocks.
[[clang::no_destroy]] extern constinit Heap heap;
extern thread_local constinit ThreadCache* thread_cache;

// Of this thread, which has none yet: starts the heap as well. Null when there is no memory, or the
// thread is about to end.
[[nodiscard]] ThreadCache* MakeThreadCache();

[[nodiscard]] inline ThreadCache* Cache() {
  ThreadCache* const cache = thread_cache;
  return cache != nullptr ? cache : MakeThreadCache();
}

inline void Free(void* block) {
  heap.Free(thread_cache != nullptr || block == nullptr ? thread_cache : MakeThreadCache(), block);
}

// Around a fork.
void BeforeFork();
void AfterFork();

}  // namespace program_heap
}  // namespace libatlas
