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

posix::Result<intptr_t> Fork(arch::UserRegisters& registers);
posix::Result<intptr_t> Vfork(arch::UserRegisters& registers);
// Its arguments come in the architecture's order.
posix::Result<intptr_t> Clone(arch::UserRegisters& registers);
posix::Result<intptr_t> Execve(kernel::UserPointer<char> path, uintptr_t arguments,
                               uintptr_t environment);
posix::Result<intptr_t> Exit(uint32_t code);
posix::Result<intptr_t> ExitGroup(uint32_t code);

posix::Result<intptr_t> Wait4(int process, kernel::UserPointer<uint32_t> status, uint32_t options,
                              UserUsage usage);
posix::Result<intptr_t> Waitid(int kind, int id, UserSignalInformation information,
                               uint32_t options, UserUsage usage);

posix::Result<intptr_t> Getpid();
posix::Result<intptr_t> Getppid();
posix::Result<intptr_t> Gettid();
posix::Result<intptr_t> Getpgid(int id);
posix::Result<intptr_t> Setpgid(int id, int group_id);
posix::Result<intptr_t> Getpgrp();
posix::Result<intptr_t> Getsid(int id);
posix::Result<intptr_t> Setsid();

posix::Result<intptr_t> SchedYield();
posix::Result<intptr_t> SchedGetaffinity(int thread, size_t bytes, uintptr_t mask);
posix::Result<intptr_t> SchedSetaffinity(int thread, size_t bytes, uintptr_t mask);
posix::Result<intptr_t> Getpriority(int which, int who);
posix::Result<intptr_t> Setpriority(int which, int who, int priority);
posix::Result<intptr_t> Prctl(int option, uintptr_t argument);
posix::Result<intptr_t> Membarrier(int command, uint32_t flags);

posix::Result<intptr_t> Getrlimit(uint32_t number, UserWordLimit limit);
posix::Result<intptr_t> Setrlimit(uint32_t number, UserWordLimit limit);
posix::Result<intptr_t> Prlimit64(int id, uint32_t number, UserLimit limit, UserLimit before);
posix::Result<intptr_t> Getrusage(int who, UserUsage usage);
posix::Result<intptr_t> Times(kernel::UserPointer<posix::ProcessTimes> times);

}  // namespace syscall
