// A program that tries what no program may. Each attempt ends as it should, and everybody else goes
// on. KTAP.
//
//   attack_tests [test=TEXT...] [kernel=ADDRESS...] [last=ADDRESS] [open=FIRST-LAST...]
//
// Addresses are hexadecimal: those of the kernel that are worth a try, the last one that can be a
// program's, and ranges of the kernel that a layout opens to programs.

#include <span>

#include "userspace/attack_tests/groups.h"
#include "userspace/attack_tests/stage.h"
#include "userspace/support/test.h"

int main(int argc, char** argv) {
  attack::ReadArguments(argc, argv);
  attack::StartBystander();
  const attack::Group groups[] = {
      attack::AddressTests(),
      attack::MemoryTests(),
      attack::CallTests(),
      attack::ProcessorTests(),
  };
  const int result = support::RunTests(argc, argv, groups);
  attack::StopBystander();
  return result;
}
