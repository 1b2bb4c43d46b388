#pragma once

#include <span>

#include "userspace/support/test.h"

namespace shared {

// The tests, by subject.
using Group = std::span<const support::Test>;

Group SharingTests();
Group LifeTests();
Group AttackTests();

}  // namespace shared
