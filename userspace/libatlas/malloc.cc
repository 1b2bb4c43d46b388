// malloc and its like, in place of the C library's.
#include <malloc.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "userspace/libatlas/program_heap.h"

namespace {

namespace heap = libatlas::program_heap;

void* OrNull(const base::Result<void*>& block) {
  if (block) [[likely]]
    return *block;
  errno = ENOMEM;
  return nullptr;
}

}  // namespace

extern "C" {

void* malloc(size_t bytes) { return OrNull(heap::heap.Allocate(heap::Cache(), bytes)); }

void free(void* block) { heap::Free(block); }

void* calloc(size_t count, size_t bytes) {
  size_t product = 0;
  if (__builtin_mul_overflow(count, bytes, &product)) {
    errno = ENOMEM;
    return nullptr;
  }
  return OrNull(heap::heap.AllocateZeroed(heap::Cache(), product));
}

void* realloc(void* block, size_t bytes) {
  return OrNull(heap::heap.Reallocate(heap::Cache(), block, bytes));
}

void* aligned_alloc(size_t alignment, size_t bytes) {
  if (!std::has_single_bit(alignment)) {
    errno = EINVAL;
    return nullptr;
  }
  return OrNull(heap::heap.AllocateAligned(heap::Cache(), alignment, bytes));
}

void* memalign(size_t alignment, size_t bytes) { return aligned_alloc(alignment, bytes); }

int posix_memalign(void** block, size_t alignment, size_t bytes) {
  if (!std::has_single_bit(alignment) || alignment < sizeof(void*)) return EINVAL;
  const base::Result<void*> made = heap::heap.AllocateAligned(heap::Cache(), alignment, bytes);
  if (!made) return ENOMEM;
  *block = *made;
  return 0;
}

size_t malloc_usable_size(void* block) { return heap::heap.UsableSize(block); }

}  // extern "C"
