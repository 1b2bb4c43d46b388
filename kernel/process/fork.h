// Making processes and threads out of the one that runs: fork, vfork, clone.
#pragma once

#include <cstdint>

#include "arch/ops/user_mode.h"
#include "kernel/posix/errno.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/system.h"

namespace process {

// Of clone, Linux's uapi/linux/sched.h; the lowest byte is the signal that the parent gets.
enum class CloneFlag : uint32_t {
  kSignalMask = 0xff,
  kSpace = 0x100,                // CLONE_VM
  kWorkingState = 0x200,         // CLONE_FS
  kFiles = 0x400,                // CLONE_FILES
  kSignalActions = 0x800,        // CLONE_SIGHAND
  kProcessDescriptor = 0x1000,   // CLONE_PIDFD
  kParentWaits = 0x4000,         // CLONE_VFORK
  kSibling = 0x8000,             // CLONE_PARENT
  kThread = 0x1'0000,            // CLONE_THREAD
  kNewMounts = 0x2'0000,         // CLONE_NEWNS
  kSetThreadPointer = 0x8'0000,  // CLONE_SETTLS
  kSetIdInParent = 0x10'0000,    // CLONE_PARENT_SETTID
  kClearIdInChild = 0x20'0000,   // CLONE_CHILD_CLEARTID
  kSetIdInChild = 0x100'0000,    // CLONE_CHILD_SETTID
  kNamespaces = 0x7e00'0000,     // all the others that make a namespace
};

struct CloneRequest {
  uint32_t flags = 0;
  uintptr_t stack_pointer = 0;  // 0: the caller's
  uintptr_t parent_id_at = 0;
  uintptr_t child_id_at = 0;
  uintptr_t thread_pointer = 0;
};

// The number of the new thread or process, which returns 0 from the same call. Blocks with
// kParentWaits, until the child has executed a program or ended. Errors: kInvalid (flags that
// contradict each other, or are not offered), kNotSupported (a native thread's own stack, in the
// same space), kAgain (RLIMIT_NPROC, or no number is free), kOutOfMemory.
[[nodiscard]] posix::Result<Pid> Clone(const arch::UserRegisters& registers,
                                       const CloneRequest& request);

// Others know the thread from now on, and it runs.
void StartThread(System::OwnedThread owned);

}  // namespace process
