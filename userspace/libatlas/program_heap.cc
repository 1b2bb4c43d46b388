#include "userspace/libatlas/program_heap.h"

#include <pthread.h>
#include <sys/auxv.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "userspace/libatlas/fault_message.h"
#include "userspace/libatlas/mutex.h"

namespace libatlas::program_heap {

[[clang::no_destroy]] constinit Heap heap;
thread_local constinit ThreadCache* thread_cache = nullptr;

namespace {

constinit Mutex start_lock;
constinit std::atomic<bool> has_started = false;
constinit pthread_key_t at_exit_of_thread = 0;

// Once its cache is dropped, what the thread still does goes to the slabs directly.
thread_local constinit bool has_dropped_cache = false;

// Random bytes that the kernel gives to each program. The first eight are the C library's.
uint64_t Secret() {
  uint64_t secret = 0;
  const auto* const random = reinterpret_cast<const std::byte*>(getauxval(AT_RANDOM));
  if (random != nullptr) std::memcpy(&secret, random + sizeof(secret), sizeof(secret));
  return secret;
}

void DropThreadCache(void* cache) {
  thread_cache = nullptr;
  has_dropped_cache = true;
  heap.DropCache(*static_cast<ThreadCache*>(cache));
}

bool Start() {
  if (has_started.load(std::memory_order_acquire)) return true;
  const MutexHolder hold(start_lock);
  if (has_started.load(std::memory_order_relaxed)) return true;
  const base::Result<MemoryRegion*> region = OpenRegion();
  if (!region || pthread_key_create(&at_exit_of_thread, DropThreadCache) != 0) return false;
  heap.Start(**region, Secret(), StopProgram);
  has_started.store(true, std::memory_order_release);
  return true;
}

}  // namespace

ThreadCache* MakeThreadCache() {
  if (has_dropped_cache || !Start()) return nullptr;
  const base::Result<ThreadCache*> cache = heap.MakeCache();
  if (!cache) return nullptr;
  if (pthread_setspecific(at_exit_of_thread, *cache) != 0) {
    heap.DropCache(**cache);
    return nullptr;
  }
  thread_cache = *cache;
  return *cache;
}

void BeforeFork() NO_THREAD_SAFETY_ANALYSIS {
  start_lock.Acquire();
  heap.AcquireForFork();
}

void AfterFork() NO_THREAD_SAFETY_ANALYSIS {
  heap.ReleaseAfterFork();
  start_lock.Release();
}

}  // namespace libatlas::program_heap
