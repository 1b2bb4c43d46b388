#include "userspace/libatlas/shared/smalloc.h"

#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "userspace/libatlas/fault_message.h"
#include "userspace/libatlas/shared/shared_block.h"
#include "userspace/libatlas/shared/shared_heap.h"

namespace {

using libatlas::SharedHeap;

class KernelChunks final : public libatlas::ChunkSource {
 public:
  constexpr KernelChunks() = default;

  std::byte* Make(size_t bytes) override {
    return static_cast<std::byte*>(atlas::MakeSharedBlock(bytes));
  }
  void Release(std::byte* chunk) override { static_cast<void>(atlas::ReleaseSharedBlock(chunk)); }
  size_t BytesFrom(const std::byte* chunk) override {
    atlas::SharedBlock block;
    const bool begins = atlas::FindSharedBlock(chunk, block) == 0 &&
                        block.base == reinterpret_cast<uintptr_t>(chunk);
    return begins ? static_cast<size_t>(block.size_bytes) : 0;
  }
  bool MayUseCache() override;
};

[[clang::no_destroy]] constinit KernelChunks chunks;
[[clang::no_destroy]] constinit SharedHeap heap(chunks, libatlas::StopProgram);

thread_local constinit SharedHeap::Cache cache;
// Its end has begun.
thread_local constinit bool has_ended = false;

constinit pthread_once_t once = PTHREAD_ONCE_INIT;
constinit pthread_key_t at_exit_of_thread = 0;
constinit bool has_key = false;

void EmptyCache(void*) {
  has_ended = true;
  heap.Empty(cache);
}

void PrepareToFork() NO_THREAD_SAFETY_ANALYSIS { heap.AcquireForFork(); }
void GoOnInParent() NO_THREAD_SAFETY_ANALYSIS { heap.ReleaseInParent(); }
void GoOnInChild() NO_THREAD_SAFETY_ANALYSIS { heap.ReleaseInChild(cache); }

void Start() {
  has_key = pthread_atfork(PrepareToFork, GoOnInParent, GoOnInChild) == 0 &&
            pthread_key_create(&at_exit_of_thread, EmptyCache) == 0;
}

bool KernelChunks::MayUseCache() {
  pthread_once(&once, Start);
  return has_key && !has_ended && pthread_setspecific(at_exit_of_thread, &cache) == 0;
}

void* OrError(void* block) {
  if (block == nullptr) errno = ENOMEM;
  return block;
}

// Apart, so that who has a block at hand needs no stack.
[[gnu::noinline]] void* AllocateSlowly(size_t bytes) {
  return OrError(heap.AllocateSlowly(cache, bytes));
}

}  // namespace

extern "C" {

void* smalloc(size_t bytes) {
  void* const kept = SharedHeap::TakeKept(cache, bytes);
  if (kept != nullptr) [[likely]]
    return kept;
  return AllocateSlowly(bytes);
}

void* scalloc(size_t count, size_t bytes) {
  size_t product = 0;
  if (__builtin_mul_overflow(count, bytes, &product)) return OrError(nullptr);
  return OrError(heap.AllocateZeroed(cache, product));
}

void* srealloc(void* block, size_t bytes) { return OrError(heap.Reallocate(cache, block, bytes)); }

void sfree(void* block) { heap.Free(cache, block); }

}  // extern "C"
