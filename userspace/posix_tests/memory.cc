#include "userspace/posix_tests/memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>

#include "userspace/support/test.h"

namespace posix {

using support::Require;

char* NewPages(size_t pages, int protection, int flags) {
  const long result = Map(0, pages * kPage, protection, flags);
  Require(IsMapped(result), "mmap");
  return reinterpret_cast<char*>(result);
}

char* FreePages(size_t pages) {
  constexpr size_t kAround = 2;
  char* const all = NewPages(pages + 2 * kAround, PROT_NONE);
  Call(SYS_munmap, all, (pages + 2 * kAround) * kPage);
  return all + kAround * kPage;
}

int NewFile(size_t size_bytes) {
  char path[256];
  std::snprintf(path, sizeof path, "%s/posix_tests.%d", support::Directory(), getpid());
  const int file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
  Require(file >= 0, "a file");
  unlink(path);
  char bytes[kPage];
  for (size_t done = 0; done < size_bytes;) {
    const size_t part = size_bytes - done < kPage ? size_bytes - done : kPage;
    for (size_t i = 0; i < part; ++i) bytes[i] = Pattern(done + i);
    Require(write(file, bytes, part) == static_cast<ssize_t>(part), "write to a file");
    done += part;
  }
  return file;
}

bool AllAre(const char* bytes, size_t size_bytes, char value) {
  for (size_t i = 0; i < size_bytes; ++i) {
    if (bytes[i] != value) return false;
  }
  return true;
}

}  // namespace posix
