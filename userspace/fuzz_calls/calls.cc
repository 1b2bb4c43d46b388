#include "userspace/fuzz_calls/calls.h"

#include <sys/syscall.h>

#include <cstddef>
#include <span>

#include "userspace/machine/system_call.h"

namespace fuzz {
namespace {

using enum Kind;

constexpr CallForm kForms[] = {
    {"mmap", machine::kMapCall, {kAddress, kSize, kFlags, kMapFlags, kFile, kSmall}},
    {"munmap", SYS_munmap, {kAddress, kSize}},
    {"mprotect", SYS_mprotect, {kAddress, kSize, kFlags}},
    {"mremap", SYS_mremap, {kAddress, kSize, kSize, kFlags, kAddress}},
    {"madvise", SYS_madvise, {kAddress, kSize, kSmall}},
    {"msync", SYS_msync, {kAddress, kSize, kFlags}},
    {"mincore", SYS_mincore, {kAddress, kSize, kAddress}},
    {"mlock", SYS_mlock, {kAddress, kSize}},
    {"munlock", SYS_munlock, {kAddress, kSize}},
    {"munlockall", SYS_munlockall, {}},
    {"brk", SYS_brk, {kAddress}},
    {"read", SYS_read, {kFile, kAddress, kSize}},
    {"write", SYS_write, {kFile, kAddress, kSize}},
    {"pread64", SYS_pread64, {kFile, kAddress, kSize, kSmall, kSmall}},
    {"pwrite64", SYS_pwrite64, {kFile, kAddress, kSmall, kSmall, kSmall}},
    {"readv", SYS_readv, {kFile, kAddress, kSmall}},
    {"writev", SYS_writev, {kFile, kAddress, kSmall}},
    {"openat", SYS_openat, {kFile, kPath, kFlags, kNumber}},
    {"close", SYS_close, {kFile}},
    {"dup", SYS_dup, {kFile}},
    {"dup3", SYS_dup3, {kFile, kFile, kFlags}},
    {"pipe2", SYS_pipe2, {kAddress, kNoBlock}},
    {"lseek", SYS_lseek, {kFile, kSmall, kSmall}},
    {"ftruncate", SYS_ftruncate, {kFile, kSmall, kSmall}},
    {"fsync", SYS_fsync, {kFile}},
    {"getdents64", SYS_getdents64, {kFile, kAddress, kSize}},
    {"mkdirat", SYS_mkdirat, {kFile, kPath, kNumber}},
    {"unlinkat", SYS_unlinkat, {kFile, kPath, kFlags}},
    {"renameat", SYS_renameat, {kFile, kPath, kFile, kPath}},
    {"symlinkat", SYS_symlinkat, {kPath, kFile, kPath}},
    {"readlinkat", SYS_readlinkat, {kFile, kPath, kAddress, kSize}},
    {"getcwd", SYS_getcwd, {kAddress, kSize}},
    {"fcntl", SYS_fcntl, {kFile, kSmall, kSmall}},
    {"fcntl with a structure", machine::kFileControlCall, {kFile, kSmall, kAddress}},
    {"flock", SYS_flock, {kFile, kSmall}},
    {"sendfile", SYS_sendfile, {kFile, kFile, kAddress, kSize}},
    {"statx", SYS_statx, {kFile, kPath, kFlags, kNumber, kAddress}},
    {"fstat", machine::kFileStatusCall, {kFile, kAddress}},
    {"statfs", SYS_statfs, {kPath, kAddress}},
    {"fstatfs", SYS_fstatfs, {kFile, kAddress}},
    {"faccessat", SYS_faccessat, {kFile, kPath, kSmall}},
    {"utimensat", SYS_utimensat, {kFile, kPath, kAddress, kFlags}},
    {"truncate", SYS_truncate, {kPath, kSmall}},
    {"execve", SYS_execve, {kPath, kAddress, kAddress}},
    {"pselect6", SYS_pselect6, {kSmall, kAddress, kAddress, kAddress, kShortTime, kAddress}},
    {"ppoll", SYS_ppoll, {kAddress, kSmall, kShortTime, kAddress, kSmall}},
    {"poll", SYS_poll, {kAddress, kSmall, kNone}},
    {"memfd_create", SYS_memfd_create, {kPath, kSmall}},
    {"uname", SYS_uname, {kAddress}},
    {"sysinfo", SYS_sysinfo, {kAddress}},
    {"times", SYS_times, {kAddress}},
    {"getrusage", SYS_getrusage, {kNumber, kAddress}},
    {"prlimit64", SYS_prlimit64, {kNone, kSmall, kNone, kAddress}},
    {"getrandom", SYS_getrandom, {kAddress, kSize, kSmall}},
    {"getitimer", SYS_getitimer, {kSmall, kAddress}},
    {"clock_gettime", machine::kClockGetTimeCall, {kSmall, kAddress}},
    {"nanosleep", SYS_nanosleep, {kShortTime, kAddress}},
    {"getpid", SYS_getpid, {}},
    {"getppid", SYS_getppid, {}},
    {"gettid", SYS_gettid, {}},
    {"getpgid", SYS_getpgid, {kNumber}},
    {"getsid", SYS_getsid, {kNumber}},
    {"umask", SYS_umask, {kNumber}},
    {"sched_yield", SYS_sched_yield, {}},
    {"fork", SYS_fork, {}},
    {"clone", SYS_clone, {kClone, kNone, kAddress, kAddress, kAddress}},
    {"waitid", SYS_waitid, {kSmall, kNumber, kAddress, kNoHang, kAddress}},
    {"wait4", SYS_wait4, {kNumber, kAddress, kNoWait, kAddress}},
    {"rt_sigprocmask", SYS_rt_sigprocmask, {kSmall, kAddress, kAddress, kSmall}},
    {"rt_sigpending", SYS_rt_sigpending, {kAddress, kSmall}},
    {"rt_sigaction", SYS_rt_sigaction, {kSignal, kAddress, kAddress, kSmall}},
    {"sigaltstack", SYS_sigaltstack, {kAddress, kAddress}},
    {"tgkill", SYS_tgkill, {kNone, kNone, kSignal}},
    {"set_robust_list", SYS_set_robust_list, {kAddress, kSize}},
    {"get_robust_list", SYS_get_robust_list, {kSmall, kAddress, kAddress}},
    {"futex", SYS_futex, {kAddress, kSmall, kNumber, kShortTime, kAddress, kNumber}},
    {"shmget", SYS_shmget, {kSegment, kSize, kNumber}},
    {"shmat", SYS_shmat, {kSegment, kAddress, kFlags}},
    {"shmdt", SYS_shmdt, {kAddress}},
    {"shmctl", SYS_shmctl, {kSegment, kSmall, kAddress}},
    {"msgget", SYS_msgget, {kSegment, kNumber}},
    {"msgsnd", SYS_msgsnd, {kSegment, kAddress, kSize, kNoWait}},
    {"msgrcv", SYS_msgrcv, {kSegment, kAddress, kSize, kNumber, kNoWait}},
    {"msgctl", SYS_msgctl, {kSegment, kSmall, kAddress}},
    {"mq_open", SYS_mq_open, {kPath, kFlags, kNumber, kAddress}},
    {"mq_unlink", SYS_mq_unlink, {kPath}},
    {"mq_timedsend", SYS_mq_timedsend, {kFile, kAddress, kSize, kSmall, kShortTime}},
    {"mq_timedreceive", SYS_mq_timedreceive, {kFile, kAddress, kSize, kAddress, kShortTime}},
    {"mq_getsetattr", SYS_mq_getsetattr, {kFile, kAddress, kAddress}},
    {"timer_getoverrun", SYS_timer_getoverrun, {kSmall}},
    {"timer_delete", SYS_timer_delete, {kNumber}},
    {"no call", 4000, {kNumber, kNumber, kNumber, kNumber, kNumber, kNumber}},
};

}  // namespace

std::span<const CallForm> CallForms() { return kForms; }

}  // namespace fuzz
