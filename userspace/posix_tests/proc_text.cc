#include "userspace/posix_tests/proc_text.h"

#include <fcntl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "userspace/support/test.h"

namespace posix {

using support::Require;

ProcText::ProcText(const char* path) {
  int file = open(path, O_RDONLY);
  if (file < 0) {
    // As the first process, on a system that leaves it to it.
    mkdir("/proc", 0555);
    (void)mount("proc", "/proc", "proc", 0, nullptr);
    file = open(path, O_RDONLY);
  }
  Require(file >= 0, path);
  for (ssize_t count = 1; count > 0 && size_ < sizeof bytes_; size_ += static_cast<size_t>(count)) {
    count = read(file, bytes_ + size_, sizeof bytes_ - size_);
    Require(count >= 0, "read");
  }
  close(file);
}

std::string_view LineOf(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.starts_with(name)) return line.substr(name.size());
    text.remove_prefix(std::min(text.size(), line.size() + 1));
  }
  return {};
}

int64_t NumberOf(std::string_view text, std::string_view name) {
  const std::string_view line = LineOf(text, name);
  support::Expect(!line.empty(), name.data());
  return std::strtoll(line.data(), nullptr, 10);
}

}  // namespace posix
