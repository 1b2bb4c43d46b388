// Zeroing and copying whole pages: eight registers at a time.
#pragma once

#include <cstddef>
#include <cstring>

extern "C" void ArmCopyPage(void* to, const void* from);  // whole_page.S

namespace arch {

inline constexpr size_t kWholePageBytes = 4096;

// Of kernel addresses, aligned to a page. memset.S does it well.
inline void ZeroWholePage(void* page) { std::memset(page, 0, kWholePageBytes); }
inline void CopyWholePage(void* to, const void* from) { ArmCopyPage(to, from); }

}  // namespace arch
