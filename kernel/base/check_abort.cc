// CheckFailed for programs on the host.
#include <cstdio>
#include <cstdlib>
#include <source_location>

#include "kernel/base/check.h"

namespace base {

void CheckFailed(const char* expression, std::source_location location) {
  std::fprintf(stderr, "CHECK failed: %s, %s:%u, %s\n", expression, location.file_name(),
               static_cast<unsigned>(location.line()), location.function_name());
  std::abort();
}

}  // namespace base
