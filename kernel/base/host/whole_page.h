// Zeroing and copying whole pages, on the host.
#pragma once

#include <cstddef>
#include <cstring>

namespace base {

inline constexpr size_t kWholePageBytes = 4096;

// `page`, `to` and `from` are aligned to a page.
inline void ZeroWholePage(void* page) { std::memset(page, 0, kWholePageBytes); }
inline void CopyWholePage(void* to, const void* from) { std::memcpy(to, from, kWholePageBytes); }

}  // namespace base
