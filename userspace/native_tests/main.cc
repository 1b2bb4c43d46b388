// What native threads and their messages promise, and what they refuse. Its output is KTAP.
//
//   native_tests [test=TEXT...]
//
// Runs the tests whose names contain one of the texts, or all.

#include <cstring>

#include "userspace/native_tests/groups.h"
#include "userspace/support/test.h"

int main(int argc, char** argv) {
  // Executed by a test, to see what becomes of its native thread.
  if (argc == 2 && std::strcmp(argv[1], "end") == 0) return 0;
  const native::Group groups[] = {native::ThreadTests(), native::MessageTests(),
                                  native::PageTests(), native::AttackTests()};
  return support::RunTests(argc, argv, groups);
}
