// Names of errors, for people: those that POSIX and Linux have for them.
#pragma once

#include <string_view>

#include "kernel/posix/errno.h"

namespace posix {

// For example "ENOENT". Of a number that is none: "unknown error".
[[nodiscard]] std::string_view ErrnoName(Errno error);

}  // namespace posix
