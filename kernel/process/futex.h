// futex: threads that wait for a word of user memory to change, and are woken by its address.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/posix/errno.h"
#include "kernel/process/futex_operation.h"
#include "kernel/process/futex_table.h"
#include "kernel/process/user_thread.h"
#include "kernel/sched/deadline.h"

namespace process {

// Whose word it may be.
enum class FutexScope : uint8_t {
  kPrivate,  // the address means it, in this process alone
  kShared,   // other processes may show the same memory elsewhere
};

// The word's identity. Errors: kInvalid (not aligned), kFault.
[[nodiscard]] posix::Result<FutexKey> FutexKeyOf(mm::VirtAddr va, FutexScope scope);

// Blocks while the word is `expected`, until somebody wakes one of `bits`. Errors: kAgain (it is
// something else), kFault, kTimedOut, kRestart.
posix::Result<> FutexWait(mm::VirtAddr va, FutexScope scope, uint32_t expected, uint32_t bits,
                          sched::Deadline deadline);

// Wakes at most `most` threads that wait for one of `bits`. Returns how many. Error: kFault.
[[nodiscard]] posix::Result<size_t> FutexWake(mm::VirtAddr va, FutexScope scope, size_t most,
                                              uint32_t bits);

// Wakes at most `most_woken`, and lets at most `most_moved` of the others wait for the word at `to`
// instead. With `expected`: only while the word at `va` is that, else kAgain. Returns how many were
// woken and moved.
struct FutexRequeueRequest {
  mm::VirtAddr va;
  mm::VirtAddr to;
  FutexScope scope;
  size_t most_woken;
  size_t most_moved;
  std::optional<uint32_t> expected;
};
[[nodiscard]] posix::Result<size_t> FutexRequeue(const FutexRequeueRequest& request);

// Changes the word at `other`, wakes at most `most` of those that wait for the one at `va`, and at
// most `most_of_other` of those that wait for the other if it was as `operation` asks. Returns how
// many. Errors: kInvalid, kFault.
struct FutexWakeOperationRequest {
  mm::VirtAddr va;
  mm::VirtAddr other;
  FutexScope scope;
  size_t most;
  size_t most_of_other;
  FutexOperation operation;
};
[[nodiscard]] posix::Result<size_t> FutexWakeOperation(const FutexWakeOperationRequest& request);

// For a thread that ends: 0 at `place`, and one who waits for that is woken.
void ClearThreadId(UserThread& thread, uintptr_t place);
// The locks on its list are marked as those of a dead owner.
void ReleaseRobustLocks(UserThread& thread);

}  // namespace process
