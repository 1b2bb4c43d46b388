// What the system process may, and nobody else. Its output is KTAP.
//
//   system_tests [test=TEXT...]
//
// Runs the tests whose names contain one of the texts, or all. As /system/dispatcher it is what
// they talk to.

#include <cstdlib>
#include <string_view>

#include "userspace/support/test.h"
#include "userspace/system_tests/groups.h"
#include "userspace/system_tests/server.h"

int main(int argc, char** argv) {
  using namespace system_tests;  // NOLINT(google-build-using-namespace)
  if (argc > 0 && std::string_view(argv[0]) == "/system/dispatcher") Serve();
  if (argc == 3 && std::string_view(argv[1]) == kWithoutRight) {
    return RunWithoutRight(std::atoi(argv[2]));
  }
  const Group groups[] = {RightTests(), DeviceTests(), InterruptTests(), EndTests(), NextTests()};
  return support::RunTests(argc, argv, groups);
}
