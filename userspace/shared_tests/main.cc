// What global shared memory promises, and what it refuses. Its output is KTAP.
//
//   shared_tests [test=TEXT...]
//
// Runs the tests whose names contain one of the texts, or all.

#include <unistd.h>

#include <cstring>

#include "userspace/shared_tests/groups.h"
#include "userspace/support/test.h"

int main(int argc, char** argv) {
  // Executed by a test, to see what becomes of its blocks: waits until the other end is closed.
  if (argc == 2 && std::strcmp(argv[1], "wait") == 0) {
    char byte = 0;
    static_cast<void>(!write(STDOUT_FILENO, &byte, 1));
    static_cast<void>(!read(STDIN_FILENO, &byte, 1));
    return 0;
  }
  const shared::Group groups[] = {shared::SharingTests(), shared::LifeTests(),
                                  shared::AttackTests()};
  return support::RunTests(argc, argv, groups);
}
