// Processes, threads, users, and the machine.
#pragma once

#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "userspace/calls/call_form.h"

namespace calls {

inline constexpr size_t kUsageBytes = 18 * kWordBytes;
inline constexpr size_t kSignalSetBytes = 8;
// As much of a siginfo_t as all kernels read.
inline constexpr size_t kInformationBytes = 24;

// Nothing of it is a text's end.
inline constexpr long kLetters = static_cast<long>(~0UL / 0xff * 'a');

inline constexpr CallForm kProcessForms[] = {
    {posix::Call::kFork, "fork", {}, {0}, Trial::kAllForks},
    // Its child has this one's stack.
    {posix::Call::kVfork, "vfork", {}, {0}, Trial::kNone},
    {posix::Call::kClone,
     "clone",
     {Of(Kind::kClone, SIGCHLD | CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID),
      Fixed(0), Untouched(Out(4)), Untouched(Out(4)), Untouched(Out(4))},
     {0},
     Trial::kAllForks},
    {posix::Call::kExecve,
     "execve",
     {Text(Kind::kProgram), Strings(), Strings()},
     {0},
     Trial::kFuzzed},
    {posix::Call::kExit, "exit", {}, {0}, Trial::kNone},
    {posix::Call::kExitGroup, "exit_group", {}, {0}, Trial::kNone},
    {posix::Call::kWait4,
     "wait4",
     {Of(Kind::kChild), Optional(Out(4)), Of(Kind::kNoHang, WNOHANG), Optional(Out(kUsageBytes))}},
    {posix::Call::kWaitid,
     "waitid",
     {Small(P_PID), Of(Kind::kChild), Optional(Out(24)), Of(Kind::kNoHang, WNOHANG | WEXITED),
      Optional(Out(kUsageBytes))}},
    {posix::Call::kGetpid, "getpid"},
    {posix::Call::kGetppid, "getppid"},
    {posix::Call::kGettid, "gettid"},
    {posix::Call::kGetpgid, "getpgid", {Of(Kind::kSelf)}},
    {posix::Call::kSetpgid, "setpgid", {Of(Kind::kSelf), Of(Kind::kSelf)}, {0, EPERM}},
    {posix::Call::kGetpgrp, "getpgrp"},
    {posix::Call::kGetsid, "getsid", {Of(Kind::kSelf)}},
    {posix::Call::kSetsid, "setsid", {}, {0, EPERM}},
    {posix::Call::kSetTidAddress, "set_tid_address", {Untouched(Out(4))}},
    {posix::Call::kSetRobustList,
     "set_robust_list",
     {Untouched(In(3 * kWordBytes)), Size(3 * kWordBytes, {EINVAL})}},
    {posix::Call::kGetRobustList,
     "get_robust_list",
     {Of(Kind::kSelf), Out(kWordBytes), Out(kWordBytes)}},
    // The word is not what it is asked to be.
    {posix::Call::kFutex,
     "futex",
     {FutexWord(), Small(0), Number(1), Optional(Time()), Untouched(Out(4)), Number(0)},
     {EAGAIN}},
    {posix::Call::kFutex,
     "futex with two words",
     {FutexWord(), Fixed(4), Number(1), Fixed(1), FutexWord(), Fixed(0)}},
    {posix::Call::kFutexTime64,
     "futex_time64",
     {FutexWord(), Small(0), Number(1), Optional(Time(8)), Untouched(Out(4)), Number(0)},
     {EAGAIN}},
    {posix::Call::kSchedYield, "sched_yield"},
    {posix::Call::kSchedGetaffinity,
     "sched_getaffinity",
     {Of(Kind::kSelf), Size(128, {0, EINVAL, EFAULT}), Out(kWordBytes)}},
    {posix::Call::kSchedSetaffinity,
     "sched_setaffinity",
     {Of(Kind::kSelf), Size(8, {0, EINVAL, EFAULT}), In(4, 1)}},
    {posix::Call::kGetpriority, "getpriority", {Small(PRIO_PROCESS), Of(Kind::kSelf)}},
    {posix::Call::kSetpriority, "setpriority", {Small(PRIO_PROCESS), Of(Kind::kSelf), Small()}},
    {posix::Call::kPrctl, "prctl", {Small(PR_GET_DUMPABLE), Number(0)}},
    {posix::Call::kPrctl, "prctl, a name", {Fixed(PR_SET_NAME), In(16, kLetters)}},
    {posix::Call::kPrctl, "prctl, the name", {Fixed(PR_GET_NAME), Out(16)}},
    {posix::Call::kArchPrctl, "arch_prctl", {Fixed(0x1003), Out(kWordBytes)}},
    {posix::Call::kArchPrctl,
     "arch_prctl, a thread pointer",
     {Fixed(0x1002), ThreadPointer({EPERM})},
     {0},
     Trial::kGood},
    {posix::Call::kSetTls, "set_tls", {ThreadPointer({0, EPERM})}, {0}, Trial::kGood},
    // From the first address up to the second: what is there of it is made current.
    {posix::Call::kCacheflush,
     "cacheflush",
     {Range({EINVAL, EFAULT}, {0, EINVAL, EFAULT}, {0, EFAULT}, {0, EINVAL, EFAULT}),
      Range({0, EINVAL, EFAULT}, {0, EINVAL, EFAULT}, {EINVAL}, {0, EINVAL, EFAULT}), Fixed(0)},
     {0}},
    {posix::Call::kGetrlimit, "getrlimit", {Small(RLIMIT_CORE), Out(2 * kWordBytes)}},
    {posix::Call::kUgetrlimit, "ugetrlimit", {Small(RLIMIT_CORE), Out(2 * kWordBytes)}},
    {posix::Call::kSetrlimit, "setrlimit", {Small(RLIMIT_CORE), In(2 * kWordBytes)}},
    {posix::Call::kPrlimit64,
     "prlimit64",
     {Of(Kind::kSelf), Small(RLIMIT_CORE), Optional(In(16)), Optional(Out(16))}},
    {posix::Call::kGetrusage, "getrusage", {Small(RUSAGE_SELF), Out(kUsageBytes)}},
    {posix::Call::kTimes, "times", {Optional(Out(4 * kWordBytes))}},
    {posix::Call::kMembarrier, "membarrier", {Small(), Small()}},
    {posix::Call::kGetuid, "getuid"},
    {posix::Call::kGeteuid, "geteuid"},
    {posix::Call::kGetgid, "getgid"},
    {posix::Call::kGetegid, "getegid"},
    {posix::Call::kSetuid, "setuid", {Fixed(0)}, {0, EPERM}},
    {posix::Call::kSetgid, "setgid", {Fixed(0)}, {0, EPERM}},
    {posix::Call::kSetreuid, "setreuid", {Fixed(0), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kSetregid, "setregid", {Fixed(0), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kSetresuid, "setresuid", {Fixed(0), Fixed(-1), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kSetresgid, "setresgid", {Fixed(0), Fixed(-1), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kGetresuid, "getresuid", {Out(2), Out(2), Out(2)}},
    {posix::Call::kGetresgid, "getresgid", {Out(2), Out(2), Out(2)}},
    // Who has no groups gets none.
    {posix::Call::kGetgroups, "getgroups", {Fixed(99), With(Out(2), {0, EFAULT})}},
    {posix::Call::kSetgroups, "setgroups", {Fixed(1), With(In(2), {EFAULT, EPERM})}, {0, EPERM}},
    {posix::Call::kGetuid32, "getuid32"},
    {posix::Call::kGeteuid32, "geteuid32"},
    {posix::Call::kGetgid32, "getgid32"},
    {posix::Call::kGetegid32, "getegid32"},
    {posix::Call::kSetuid32, "setuid32", {Fixed(0)}, {0, EPERM}},
    {posix::Call::kSetgid32, "setgid32", {Fixed(0)}, {0, EPERM}},
    {posix::Call::kSetreuid32, "setreuid32", {Fixed(0), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kSetregid32, "setregid32", {Fixed(0), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kSetresuid32, "setresuid32", {Fixed(0), Fixed(-1), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kSetresgid32, "setresgid32", {Fixed(0), Fixed(-1), Fixed(-1)}, {0, EPERM}},
    {posix::Call::kGetresuid32, "getresuid32", {Out(4), Out(4), Out(4)}},
    {posix::Call::kGetresgid32, "getresgid32", {Out(4), Out(4), Out(4)}},
    {posix::Call::kGetgroups32, "getgroups32", {Fixed(99), With(Out(4), {0, EFAULT})}},
    {posix::Call::kSetgroups32,
     "setgroups32",
     {Fixed(1), With(In(4), {EFAULT, EPERM})},
     {0, EPERM}},
    {posix::Call::kUname, "uname", {Out(6 * 65)}},
    // The machine's, and not the program's alone.
    {posix::Call::kSethostname,
     "sethostname",
     {With(In(8), {EFAULT, EPERM}), Fixed(8)},
     {0},
     Trial::kNone},
    {posix::Call::kSysinfo, "sysinfo", {Out(14 * kWordBytes)}},
    {posix::Call::kGetrandom, "getrandom", {InPart(Out(64)), Size(64, {0, EFAULT}), Small()}},
    {posix::Call::kReboot, "reboot", {}, {0}, Trial::kNone},
};

}  // namespace calls
