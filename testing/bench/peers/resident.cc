#include "testing/bench/peers/resident.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

namespace bench {

size_t ResidentBytes() {
  // /proc/self/statm: total and resident pages. Without stdio, which would allocate.
  const int file = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    return 0;
  }
  char text[128] = {};
  const ssize_t length = read(file, text, sizeof(text) - 1);
  close(file);
  if (length <= 0) {
    return 0;
  }
  char* rest = nullptr;
  strtoul(text, &rest, 10);
  return strtoul(rest, nullptr, 10) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

}  // namespace bench
