// Whether this build spends time and memory on catching misuse: poison in freed memory, redzones,
// checked frees. `--//kernel/mm:debug`, which the sanitizer configurations switch on.
#pragma once

namespace mm {

#ifdef ATLAS_MM_DEBUG
inline constexpr bool kDebug = true;
#else
inline constexpr bool kDebug = false;
#endif

}  // namespace mm
