// What native threads and their messages promise, and what they refuse. Its output is KTAP.
//
//   native_tests [threads=NUMBER] [test=TEXT...]
//
// Runs the tests whose names contain one of the texts, or all. There is room for so many threads at
// least, if not for a thousand.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "userspace/native_tests/groups.h"
#include "userspace/support/test.h"

namespace {

// Behind the key, if the argument begins with that.
std::optional<uint32_t> NumberOf(const char* key, const char* argument) {
  const size_t key_bytes = std::strlen(key);
  if (std::strncmp(argument, key, key_bytes) != 0) return std::nullopt;
  return static_cast<uint32_t>(std::strtoul(argument + key_bytes, nullptr, 10));
}

}  // namespace

int main(int argc, char** argv) {
  // Executed by a test, to see what becomes of its native thread.
  if (argc == 2 && std::strcmp(argv[1], "end") == 0) return 0;
  for (int i = 1; i < argc; ++i) {
    if (const auto threads = NumberOf("threads=", argv[i])) native::least_threads = *threads;
  }
  const native::Group groups[] = {native::ThreadTests(), native::MessageTests(),
                                  native::PageTests(), native::AttackTests()};
  return support::RunTests(argc, argv, groups);
}
