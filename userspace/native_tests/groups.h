#pragma once

#include <span>

#include "userspace/support/test.h"

namespace native {

// The tests, by subject.
using Group = std::span<const support::Test>;

Group ThreadTests();
Group MessageTests();
Group PageTests();
Group AttackTests();

}  // namespace native
