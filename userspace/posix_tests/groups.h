#pragma once

#include <span>

#include "userspace/support/test.h"

namespace posix {

// The tests, by subject. The results are the same on Linux and on Atlas.
using Group = std::span<const support::Test>;

Group MapTests();
Group FileMapTests();
Group RemapTests();
Group AdviceTests();
Group FaultTests();
Group RegisterTests();
Group UserPointerTests();
Group ProcessTests();
Group WaitTests();
Group IdentityTests();
Group SignalTests();
Group ThreadTests();
Group RobustTests();
Group FileTests();
Group StatusTests();
Group PollTests();
Group LockTests();
Group IpcTests();
Group QueueTests();
Group TimerTests();
Group ProcTests();
Group ProcFormatTests();
Group SystemTests();

// What the program does when it is executed again with an argument of these tests; does not return
// then.
void RunAsExecuted(int argc, char** argv);

}  // namespace posix
