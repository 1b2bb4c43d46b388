#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "userspace/machine/system_call.h"

namespace posix {

inline constexpr size_t kPage = 4096;
inline constexpr int kReadWrite = PROT_READ | PROT_WRITE;
inline constexpr int kAnonymous = MAP_PRIVATE | MAP_ANONYMOUS;

// A raw system call with arguments of any kind of integer or pointer: the C library looks at none
// of them before.
template <class Value>
long Word(Value value) {
  if constexpr (std::is_null_pointer_v<Value>) {
    return 0;
  } else if constexpr (std::is_pointer_v<Value>) {
    return reinterpret_cast<long>(value);
  } else {
    return static_cast<long>(value);
  }
}
template <class... Arguments>
long Call(long number, Arguments... arguments) {
  return machine::SystemCall(number, Word(arguments)...);
}

// mmap with an offset in pages.
inline long Map(uintptr_t hint, size_t size_bytes, int protection, int flags, int file = -1,
                long offset_pages = 0) {
  const long offset = offset_pages * static_cast<long>(kPage) / machine::kMapOffsetUnit;
  return Call(machine::kMapCall, hint, size_bytes, protection, flags, file, offset);
}

// Whether that is an address. Those of the upper half are negative numbers to some machines.
constexpr bool IsMapped(long result) { return result > 0 || result < -static_cast<long>(kPage); }

// Anonymous pages, zeroed; the test ends if there are none.
char* NewPages(size_t pages, int protection = kReadWrite, int flags = kAnonymous);

// Where `pages` pages could be: free just now, and free around it.
char* FreePages(size_t pages);

// A file of that many bytes, the one at index i having the value Pattern(i); the test ends if there
// is none.
int NewFile(size_t size_bytes);
constexpr char Pattern(size_t index) { return static_cast<char>('a' + index % 23); }

bool AllAre(const char* bytes, size_t size_bytes, char value);

}  // namespace posix
