// Zeroing and copying whole pages: one instruction that repeats itself. A call of memset() takes
// 16 more for what it does not know.
#pragma once

#include <cstddef>
#include <cstdint>

namespace arch {

inline constexpr size_t kWholePageBytes = 4096;

// Of kernel addresses, aligned to a page.
inline void ZeroWholePage(void* page) {
  size_t words = kWholePageBytes / sizeof(uint64_t);
  asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(uint64_t{0}) : "memory");
}

inline void CopyWholePage(void* to, const void* from) {
  size_t words = kWholePageBytes / sizeof(uint64_t);
  asm volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

}  // namespace arch
