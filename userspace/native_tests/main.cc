// What native threads and their messages promise, and what they refuse. Its output is KTAP.
//
//   native_tests [messages=NUMBER] [test=TEXT...]
//
// Runs the tests whose names contain one of the texts, or all. A thousand threads send so many
// messages.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "userspace/native_tests/groups.h"
#include "userspace/support/test.h"

int main(int argc, char** argv) {
  // Executed by a test, to see what becomes of its native thread.
  if (argc == 2 && std::strcmp(argv[1], "end") == 0) return 0;
  constexpr char kMessages[] = "messages=";
  constexpr size_t kKeyBytes = sizeof kMessages - 1;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kMessages, kKeyBytes) != 0) continue;
    native::many_messages = static_cast<uint32_t>(std::strtoul(argv[i] + kKeyBytes, nullptr, 10));
  }
  const native::Group groups[] = {native::ThreadTests(), native::MessageTests(),
                                  native::PageTests(), native::AttackTests()};
  return support::RunTests(argc, argv, groups);
}
