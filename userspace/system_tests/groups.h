#pragma once

#include <span>

#include "userspace/support/test.h"

namespace system_tests {

using Group = std::span<const support::Test>;

Group RightTests();
Group DeviceTests();
Group InterruptTests();
// The last ones: the system process ends.
Group EndTests();

}  // namespace system_tests
