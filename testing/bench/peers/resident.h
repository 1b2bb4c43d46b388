// What the process keeps in memory.
#pragma once

#include <cstddef>

namespace bench {

// Resident bytes of this process. Rounds of a contender have a process of their own, so the growth
// during a round is the contender's (and the workload's own arrays').
[[nodiscard]] size_t ResidentBytes();

}  // namespace bench
