// How many processors the per-processor structures have room for.
#pragma once

namespace locking {

inline constexpr unsigned kMaxCpus = 8;

}  // namespace locking
