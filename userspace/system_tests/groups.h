#pragma once

#include <span>

#include "userspace/support/test.h"

namespace system_tests {

using Group = std::span<const support::Test>;

Group RightTests();
Group DeviceTests();
Group InterruptTests();
// The system process ends.
Group EndTests();
// The last ones: what becomes of those that are started after it.
Group NextTests();

}  // namespace system_tests
