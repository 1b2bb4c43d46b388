// Global shared memory, for programs of Atlas. A block has one address in every process: a pointer
// to it can be sent to another, who uses it as it is.
//
// A process has a block's memory from when it first uses it, and its children have it; it is given
// back when the last that has it is gone. Until somebody has used a pointer that is on its way,
// the sender has to live.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

// As malloc(), calloc(), realloc() and free(). Any process frees or resizes a block, one of them
// once; what srealloc() returns is this process's.
void* smalloc(size_t bytes);
void* scalloc(size_t count, size_t bytes);
void* srealloc(void* block, size_t bytes);
void sfree(void* block);

#ifdef __cplusplus
}  // extern "C"
#endif
