// What musl's allocator asks of the C library around it, for a program on glibc: with this in the
// place of its own "glue.h" its sources are compiled as they are.
//
// It takes no locks, as in any program that has started no thread, and none of its memory is from
// the break, which is glibc's.
#pragma once

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#define size_classes musl_size_classes
#define ctx musl_context
#define alloc_meta musl_alloc_meta
#define is_allzero musl_allzerop

#define malloc musl_malloc
#define free musl_free
#define malloc_usable_size musl_malloc_usable_size

#undef assert
#define assert(x)               \
  do {                          \
    if (!(x)) __builtin_trap(); \
  } while (0)

#define PAGESIZE 4096
#define brk(address) ((uintptr_t)-1)
#define MT 0
#define RDLOCK_IS_EXCLUSIVE 1
#define LOCK_OBJ_DEF struct musl_no_lock

static inline void rdlock(void) {}
static inline void wrlock(void) {}
static inline void unlock(void) {}
static inline void upgradelock(void) {}

static inline uint64_t get_random_secret(void) {
  uint64_t secret = 0;
  const char* random = (const char*)getauxval(AT_RANDOM);
  memcpy(&secret, random + sizeof(secret), sizeof(secret));
  return secret;
}

static inline int a_cas(volatile int* word, int expected, int wanted) {
  return __sync_val_compare_and_swap(word, expected, wanted);
}
static inline void a_or(volatile int* word, int bits) { __sync_fetch_and_or(word, bits); }
static inline int a_ctz_32(uint32_t bits) { return __builtin_ctz(bits); }
static inline int a_clz_32(uint32_t bits) { return __builtin_clz(bits); }
static inline void a_crash(void) { __builtin_trap(); }
