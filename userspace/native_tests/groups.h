#pragma once

#include <cstdint>
#include <span>

#include "userspace/support/test.h"

namespace native {

// The tests, by subject.
using Group = std::span<const support::Test>;

// How many threads there has to be room for.
inline uint32_t least_threads = 1000;

Group ThreadTests();
Group MessageTests();
Group PageTests();
Group AttackTests();

}  // namespace native
