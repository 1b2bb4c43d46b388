// Which function does which call. Calls that are not here return kNotImplemented.
#pragma once

#include <array>
#include <cstddef>

#include "kernel/posix/call.h"
#include "kernel/syscall/adapt.h"
#include "kernel/syscall/futex_calls.h"
#include "kernel/syscall/machine_calls.h"
#include "kernel/syscall/memory_calls.h"
#include "kernel/syscall/message_calls.h"
#include "kernel/syscall/process_calls.h"
#include "kernel/syscall/shared_memory_calls.h"
#include "kernel/syscall/signal_calls.h"
#include "kernel/syscall/thread_pointer_calls.h"
#include "kernel/syscall/time_calls.h"
#include "kernel/syscall/user_calls.h"

namespace syscall {

struct CallRow {
  posix::Call call;
  Handler handler;
};

inline constexpr auto kCallRows = [] {
  using posix::Call;
  return std::to_array<CallRow>({
      {Call::kMmap, kAdapted<Mmap>},
      {Call::kMmap2, kAdapted<Mmap2>},
      {Call::kMunmap, kAdapted<Munmap>},
      {Call::kMprotect, kAdapted<Mprotect>},
      {Call::kMremap, kAdapted<Mremap>},
      {Call::kMadvise, kAdapted<Madvise>},
      {Call::kBrk, kAdapted<Brk>},
      {Call::kMsync, kAdapted<Msync>},
      {Call::kMincore, kAdapted<Mincore>},
      {Call::kMlock, kAdapted<Mlock>},
      {Call::kMlock2, kAdapted<Mlock2>},
      {Call::kMunlock, kAdapted<Munlock>},
      {Call::kMlockall, kAdapted<Mlockall>},
      {Call::kMunlockall, kAdapted<Munlockall>},
      {Call::kShmget, kAdapted<Shmget>},
      {Call::kShmat, kAdapted<Shmat>},
      {Call::kShmdt, kAdapted<Shmdt>},
      {Call::kShmctl, kAdapted<Shmctl>},
      {Call::kMsgget, kAdapted<Msgget>},
      {Call::kMsgsnd, kAdapted<Msgsnd>},
      {Call::kMsgrcv, kAdapted<Msgrcv>},
      {Call::kMsgctl, kAdapted<Msgctl>},
      {Call::kUname, kAdapted<Uname>},
      {Call::kSethostname, kAdapted<Sethostname>},
      {Call::kSysinfo, kAdapted<Sysinfo>},
      {Call::kGetrandom, kAdapted<Getrandom>},
      {Call::kReboot, kAdapted<Reboot>},
      {Call::kArchPrctl, kAdapted<ArchPrctl>},
      {Call::kSetTls, kAdapted<SetTls>},
      {Call::kCacheflush, kAdapted<Cacheflush>},
      {Call::kGetuid, kAdapted<Getuid>},
      {Call::kGeteuid, kAdapted<Geteuid>},
      {Call::kGetgid, kAdapted<Getgid>},
      {Call::kGetegid, kAdapted<Getegid>},
      {Call::kSetuid, kAdapted<Setuid>},
      {Call::kSetgid, kAdapted<Setgid>},
      {Call::kSetreuid, kAdapted<Setreuid>},
      {Call::kSetregid, kAdapted<Setregid>},
      {Call::kSetresuid, kAdapted<Setresuid>},
      {Call::kSetresgid, kAdapted<Setresgid>},
      {Call::kGetresuid, kAdapted<Getresuid>},
      {Call::kGetresgid, kAdapted<Getresgid>},
      {Call::kGetgroups, kAdapted<Getgroups>},
      {Call::kSetgroups, kAdapted<Setgroups>},
      {Call::kGetuid32, kAdapted<Getuid>},
      {Call::kGeteuid32, kAdapted<Geteuid>},
      {Call::kGetgid32, kAdapted<Getgid>},
      {Call::kGetegid32, kAdapted<Getegid>},
      {Call::kSetuid32, kAdapted<Setuid>},
      {Call::kSetgid32, kAdapted<Setgid>},
      {Call::kSetreuid32, kAdapted<Setreuid>},
      {Call::kSetregid32, kAdapted<Setregid>},
      {Call::kSetresuid32, kAdapted<Setresuid>},
      {Call::kSetresgid32, kAdapted<Setresgid>},
      {Call::kGetresuid32, kAdapted<Getresuid>},
      {Call::kGetresgid32, kAdapted<Getresgid>},
      {Call::kGetgroups32, kAdapted<Getgroups>},
      {Call::kSetgroups32, kAdapted<Setgroups>},
      {Call::kFutex, kAdapted<Futex>},
      {Call::kFutexTime64, kAdapted<FutexTime64>},
      {Call::kSetTidAddress, kAdapted<SetTidAddress>},
      {Call::kSetRobustList, kAdapted<SetRobustList>},
      {Call::kGetRobustList, kAdapted<GetRobustList>},
      {Call::kFork, kAdapted<Fork>},
      {Call::kVfork, kAdapted<Vfork>},
      {Call::kClone, kAdapted<Clone>},
      {Call::kExecve, kAdapted<Execve>},
      {Call::kExit, kAdapted<Exit>},
      {Call::kExitGroup, kAdapted<ExitGroup>},
      {Call::kWait4, kAdapted<Wait4>},
      {Call::kWaitid, kAdapted<Waitid>},
      {Call::kGetpid, kAdapted<Getpid>},
      {Call::kGetppid, kAdapted<Getppid>},
      {Call::kGettid, kAdapted<Gettid>},
      {Call::kGetpgid, kAdapted<Getpgid>},
      {Call::kSetpgid, kAdapted<Setpgid>},
      {Call::kGetpgrp, kAdapted<Getpgrp>},
      {Call::kGetsid, kAdapted<Getsid>},
      {Call::kSetsid, kAdapted<Setsid>},
      {Call::kSchedYield, kAdapted<SchedYield>},
      {Call::kSchedGetaffinity, kAdapted<SchedGetaffinity>},
      {Call::kSchedSetaffinity, kAdapted<SchedSetaffinity>},
      {Call::kGetpriority, kAdapted<Getpriority>},
      {Call::kSetpriority, kAdapted<Setpriority>},
      {Call::kPrctl, kAdapted<Prctl>},
      {Call::kMembarrier, kAdapted<Membarrier>},
      {Call::kGetrlimit, kAdapted<Getrlimit>},
      {Call::kSetrlimit, kAdapted<Setrlimit>},
      {Call::kPrlimit64, kAdapted<Prlimit64>},
      {Call::kGetrusage, kAdapted<Getrusage>},
      {Call::kTimes, kAdapted<Times>},
      {Call::kKill, kAdapted<Kill>},
      {Call::kTkill, kAdapted<Tkill>},
      {Call::kTgkill, kAdapted<Tgkill>},
      {Call::kRtSigqueueinfo, kAdapted<RtSigqueueinfo>},
      {Call::kRtSigaction, kAdapted<RtSigaction>},
      {Call::kRtSigprocmask, kAdapted<RtSigprocmask>},
      {Call::kRtSigpending, kAdapted<RtSigpending>},
      {Call::kRtSigsuspend, kAdapted<RtSigsuspend>},
      {Call::kRtSigtimedwait, kAdapted<RtSigtimedwait>},
      {Call::kRtSigtimedwaitTime64, kAdapted<RtSigtimedwaitTime64>},
      {Call::kPause, kAdapted<Pause>},
      {Call::kSigaltstack, kAdapted<Sigaltstack>},
      {Call::kSigreturn, kAdapted<Sigreturn>},
      {Call::kRtSigreturn, kAdapted<RtSigreturn>},
      {Call::kNanosleep, kAdapted<Nanosleep>},
      {Call::kClockNanosleep, kAdapted<ClockNanosleep>},
      {Call::kClockNanosleepTime64, kAdapted<ClockNanosleepTime64>},
      {Call::kClockGettime, kAdapted<ClockGettime>},
      {Call::kClockGettime64, kAdapted<ClockGettime64>},
      {Call::kClockGetres, kAdapted<ClockGetres>},
      {Call::kClockGetresTime64, kAdapted<ClockGetresTime64>},
      {Call::kClockSettime, kAdapted<ClockSettime>},
      {Call::kClockSettime64, kAdapted<ClockSettime64>},
      {Call::kGettimeofday, kAdapted<Gettimeofday>},
      {Call::kTime, kAdapted<Time>},
      {Call::kSetitimer, kAdapted<Setitimer>},
      {Call::kGetitimer, kAdapted<Getitimer>},
      {Call::kAlarm, kAdapted<Alarm>},
      {Call::kUgetrlimit, kAdapted<Getrlimit>},
  });
}();

// Null for a call that nobody does.
inline constexpr auto kHandlerOfCall = [] {
  std::array<Handler, posix::kCallCount> handlers{};
  for (const CallRow& row : kCallRows) handlers[static_cast<size_t>(row.call)] = row.handler;
  return handlers;
}();

[[nodiscard]] constexpr Handler HandlerOf(posix::Call call) {
  return kHandlerOfCall[static_cast<size_t>(call)];
}

}  // namespace syscall
