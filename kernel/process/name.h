// What threads and processes are called.
#pragma once

#include <array>
#include <cstddef>

namespace process {

// With a 0, as prctl(PR_SET_NAME) passes it.
using Name = std::array<char, 16>;

}  // namespace process
