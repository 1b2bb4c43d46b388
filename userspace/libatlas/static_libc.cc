// What musl calls by names of its own in a program that is linked static. With them none of its
// malloc is linked, so nobody else moves the break.
#include <cstddef>
#include <cstdlib>

#include "userspace/libatlas/program_heap.h"

namespace heap = libatlas::program_heap;

// musl's src/include/stdlib.h and src/internal/fork_impl.h have these names.
extern "C" {

void* __libc_malloc(size_t bytes) { return malloc(bytes); }
void* __libc_calloc(size_t count, size_t bytes) { return calloc(count, bytes); }
void* __libc_realloc(void* block, size_t bytes) { return realloc(block, bytes); }
void __libc_free(void* block) { free(block); }

// Before a fork -1, after it 0 in the parent and 1 in the child.
void __malloc_atfork(int when) {
  if (when < 0) {
    heap::BeforeFork();
  } else {
    heap::AfterFork();
  }
}

}  // extern "C"
