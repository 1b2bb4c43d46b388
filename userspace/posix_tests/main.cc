// What POSIX, and Linux where POSIX says nothing, promise of memory, processes and their exchanges:
// one program on Linux and on Atlas, with the same results. Its output is KTAP.
//
//   posix_tests [test=TEXT...] [open=FIRST-LAST...]
//
// Runs the tests whose names contain one of the texts, or all.

#include <span>

#include "userspace/posix_tests/groups.h"
#include "userspace/support/open_ranges.h"
#include "userspace/support/test.h"

int main(int argc, char** argv) {
  posix::RunAsExecuted(argc, argv);
  support::ReadOpenRanges(argc, argv);
  const posix::Group groups[] = {
      posix::MapTests(),         posix::FileMapTests(), posix::RemapTests(),
      posix::AdviceTests(),      posix::FaultTests(),   posix::RegisterTests(),
      posix::UserPointerTests(), posix::ProcessTests(), posix::WaitTests(),
      posix::IdentityTests(),    posix::SignalTests(),  posix::ThreadTests(),
      posix::RobustTests(),      posix::FileTests(),    posix::StatusTests(),
      posix::PollTests(),        posix::LockTests(),    posix::IpcTests(),
      posix::QueueTests(),       posix::TimerTests(),   posix::ProcTests(),
      posix::ProcFormatTests(),  posix::SystemTests(),
  };
  return support::RunTests(argc, argv, groups);
}
