// Unit tests on the host are GoogleTest's. testing/unit/kernel/test.h is this header in a kernel.
#pragma once

#include "gtest/gtest.h"  // IWYU pragma: export
