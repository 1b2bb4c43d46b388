// Processes and threads, by Linux's calls.
//
// What differs from Linux: there are no namespaces and no descriptors of processes (kInvalid);
// threads share files, directory and handlers, always; processes are scheduled all alike, and
// priorities are accepted and forgotten.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/ops/user_mode.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/resource.h"
#include "kernel/posix/time.h"
#include "kernel/syscall/signal_calls.h"

namespace syscall {

using UserUsage = kernel::UserPointer<posix::Usage>;
using UserWordLimit = kernel::UserPointer<posix::WordLimit>;
using UserLimit = kernel::UserPointer<posix::Limit>;

posix::CallResult Fork(arch::UserRegisters& registers);
posix::CallResult Vfork(arch::UserRegisters& registers);
// Its arguments come in the architecture's order.
posix::CallResult Clone(arch::UserRegisters& registers);
posix::CallResult Execve(kernel::UserPointer<char> path, uintptr_t arguments,
                         uintptr_t environment);
posix::CallResult Exit(uint32_t code);
posix::CallResult ExitGroup(uint32_t code);

posix::CallResult Wait4(int process, kernel::UserPointer<uint32_t> status, uint32_t options,
                        UserUsage usage);
posix::CallResult Waitid(int kind, int id, UserSignalInformation information, uint32_t options,
                         UserUsage usage);

posix::CallResult Getpid();
posix::CallResult Getppid();
posix::CallResult Gettid();
posix::CallResult Getpgid(int id);
posix::CallResult Setpgid(int id, int group_id);
posix::CallResult Getpgrp();
posix::CallResult Getsid(int id);
posix::CallResult Setsid();

posix::CallResult SchedYield();
posix::CallResult SchedGetaffinity(int thread, size_t bytes, uintptr_t mask);
posix::CallResult SchedSetaffinity(int thread, size_t bytes, uintptr_t mask);
posix::CallResult Getpriority(int whose, int id);
posix::CallResult Setpriority(int whose, int id, int nice);
posix::CallResult Prctl(int option, uintptr_t argument);
posix::CallResult Membarrier(int command, uint32_t flags);

posix::CallResult Getrlimit(uint32_t number, UserWordLimit limit);
posix::CallResult Setrlimit(uint32_t number, UserWordLimit limit);
posix::CallResult Prlimit64(int id, uint32_t number, UserLimit limit, UserLimit before);
posix::CallResult Getrusage(int who, UserUsage usage);
posix::CallResult Times(kernel::UserPointer<posix::ProcessTimes> times);

}  // namespace syscall
