// CheckFailed for our programs, which need no formatted output for it.
#include <cstdlib>
#include <source_location>

#include "kernel/base/check.h"
#include "userspace/libatlas/error_line.h"

namespace base {

void CheckFailed(const char* expression, std::source_location location) {
  libatlas::ErrorLine line;
  line.Add("CHECK failed: ");
  line.Add(expression);
  line.Add(", ");
  line.Add(location.file_name());
  line.Add(":");
  line.AddNumber(location.line());
  line.Add("\n");
  line.Write();
  std::abort();
}

}  // namespace base
