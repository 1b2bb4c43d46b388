// Object allocators that ours are compared with: each a type with the same static functions.
//
// A workload is a template over such a type, and ours is one more: every contender is called
// directly, as its users call it, because a call through a pointer costs as much as a whole
// allocation. All are compiled from source by the same compiler with the same flags (-O2, no
// assertions) and linked statically, except glibc's, which Debian compiled (also -O2); each finds
// its per-thread cache with one thread-pointer access. None of the first three replaces the
// process's malloc, nor does musl's, which has other names here (musl_glue.h).
#pragma once

#include <malloc.h>

#include <cstddef>
#include <cstdlib>
#include <limits>

#include "gperftools/malloc_extension_c.h"
#include "gperftools/tcmalloc.h"
#include "jemalloc/jemalloc.h"
#include "mimalloc.h"

extern "C" {
void* musl_malloc(size_t bytes);
void musl_free(void* object);
size_t musl_malloc_usable_size(void* object);
}

namespace bench {

struct Mimalloc {
  static constexpr const char* kName = "mimalloc 2.0";
  static void* Allocate(size_t bytes) { return mi_malloc(bytes); }
  static void Free(void* object) { mi_free(object); }
  static size_t UsableBytes(void* object) { return mi_usable_size(object); }
  static void KeepMemory() { mi_option_disable(mi_option_allow_decommit); }
};

struct Jemalloc {
  static constexpr const char* kName = "jemalloc 5.3";
  static void* Allocate(size_t bytes) { return je_malloc(bytes); }
  static void Free(void* object) { je_free(object); }
  static size_t UsableBytes(void* object) { return je_malloc_usable_size(object); }
  static void KeepMemory() {
    ssize_t never = -1;
    je_mallctl("arena.0.dirty_decay_ms", nullptr, nullptr, &never, sizeof(never));
    je_mallctl("arena.0.muzzy_decay_ms", nullptr, nullptr, &never, sizeof(never));
  }
};

struct Tcmalloc {
  static constexpr const char* kName = "tcmalloc 2.16";
  static void* Allocate(size_t bytes) { return tc_malloc(bytes); }
  static void Free(void* object) { tc_free(object); }
  static size_t UsableBytes(void* object) { return tc_malloc_size(object); }
  static void KeepMemory() { MallocExtension_SetMemoryReleaseRate(0); }
};

struct Musl {
  static constexpr const char* kName = "musl 1.2";
  static void* Allocate(size_t bytes) { return musl_malloc(bytes); }
  static void Free(void* object) { musl_free(object); }
  static size_t UsableBytes(void* object) { return musl_malloc_usable_size(object); }
  static void KeepMemory() {}  // it cannot be told to
};

struct Glibc {
  static constexpr const char* kName = "glibc 2.36";
  static void* Allocate(size_t bytes) { return malloc(bytes); }
  static void Free(void* object) { free(object); }
  static size_t UsableBytes(void* object) { return malloc_usable_size(object); }
  static void KeepMemory() { mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max()); }
};

// Calls visit.operator()<Peer>() for every peer.
template <typename Visit>
void ForEachObjectPeer(Visit&& visit) {
  visit.template operator()<Mimalloc>();
  visit.template operator()<Jemalloc>();
  visit.template operator()<Tcmalloc>();
  visit.template operator()<Glibc>();
  visit.template operator()<Musl>();
}

}  // namespace bench
