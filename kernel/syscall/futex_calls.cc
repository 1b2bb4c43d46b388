#include "kernel/syscall/futex_calls.h"

#include <algorithm>
#include <optional>

#include "kernel/process/current.h"
#include "kernel/process/futex.h"
#include "kernel/process/system.h"
#include "kernel/syscall/real_time.h"

namespace syscall {
namespace {

using posix::Errno;
using process::FutexScope;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

// Linux's uapi/linux/futex.h.
constexpr int kPrivateFlag = 128;
constexpr int kRealTimeFlag = 256;
constexpr int kWait = 0;
constexpr int kWake = 1;
constexpr int kRequeue = 3;
constexpr int kCompareRequeue = 4;
constexpr int kWakeOperation = 5;
constexpr int kWaitBits = 9;
constexpr int kWakeBits = 10;

// struct robust_list_head: three words.
constexpr size_t kRobustListBytes = 3 * sizeof(uintptr_t);

// A count of threads, as an int of the program.
posix::Result<size_t> CountOf(uintptr_t value) {
  const auto count = static_cast<int32_t>(value);
  if (count < 0) return kInvalid;
  return static_cast<size_t>(count);
}

// FUTEX_WAIT counts from now on, FUTEX_WAIT_BITSET on the clock that it names.
template <class Word>
posix::Result<sched::Deadline> DeadlineOf(uintptr_t time, int command, bool is_real_time) {
  if (time == 0) return sched::Deadline::Never();
  const auto nanoseconds =
      posix::NanosecondsOf(TRY(kernel::UserPointer<posix::TimeOf<Word>>(time).Read()));
  if (!nanoseconds) return kInvalid;
  if (command == kWait) {
    return sched::Deadline::After(process::TheSystem().scheduler().Now(), *nanoseconds);
  }
  return is_real_time ? AtRealTime(*nanoseconds) : sched::Deadline{*nanoseconds};
}

posix::CallResult Wait(mm::VirtAddr word, FutexScope scope, uint32_t expected, uint32_t bits,
                       sched::Deadline wanted) {
  if (bits == 0) return kInvalid;
  process::UserThread& thread = kernel::CurrentThread();
  const sched::Deadline deadline = thread.kept_deadline.value_or(wanted);
  thread.kept_deadline.reset();
  const auto result = process::FutexWait(word, scope, expected, bits, deadline);
  if (result) return 0;
  if (result.error() != Errno::kRestart) return std::unexpected(result.error());
  if (deadline.IsNever()) return std::unexpected(Errno::kRestart);
  thread.kept_deadline = deadline;
  return std::unexpected(Errno::kRestartUnlessHandled);
}

template <class Word>
posix::CallResult DoFutex(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                          uintptr_t second_word, uint32_t value3) {
  const int command = operation & ~(kPrivateFlag | kRealTimeFlag);
  const FutexScope scope =
      (operation & kPrivateFlag) != 0 ? FutexScope::kPrivate : FutexScope::kShared;
  const mm::VirtAddr va{word};
  if ((operation & kRealTimeFlag) != 0 && command != kWaitBits) {
    return std::unexpected(Errno::kNotImplemented);
  }
  switch (command) {
    case kWait:
    case kWaitBits: {
      const uint32_t bits = command == kWait ? process::FutexTable::kAnyBit : value3;
      const auto deadline = TRY(DeadlineOf<Word>(time, command, (operation & kRealTimeFlag) != 0));
      return Wait(va, scope, value, bits, deadline);
    }
    case kWake:
    case kWakeBits: {
      const uint32_t bits = command == kWake ? process::FutexTable::kAnyBit : value3;
      if (bits == 0) return kInvalid;
      // A wake of 0 wakes one on Linux.
      const size_t most = std::max<size_t>(1, TRY(CountOf(value)));
      return static_cast<intptr_t>(TRY(process::FutexWake(va, scope, most, bits)));
    }
    case kWakeOperation: {
      const auto decoded = process::FutexOperation::Decode(value3);
      if (!decoded) return std::unexpected(Errno::kNotImplemented);
      return static_cast<intptr_t>(
          TRY(process::FutexWakeOperation({.va = va,
                                           .other = {second_word},
                                           .scope = scope,
                                           .most = std::max<size_t>(1, TRY(CountOf(value))),
                                           .most_of_other = std::max<size_t>(1, TRY(CountOf(time))),
                                           .operation = *decoded})));
    }
    case kRequeue:
    case kCompareRequeue: {
      const process::FutexRequeueRequest request = {
          .va = va,
          .to = {second_word},
          .scope = scope,
          .most_woken = TRY(CountOf(value)),
          .most_moved = TRY(CountOf(time)),
          .expected = command == kCompareRequeue ? std::optional(value3) : std::nullopt};
      return static_cast<intptr_t>(TRY(process::FutexRequeue(request)));
    }
    default:
      return std::unexpected(Errno::kNotImplemented);
  }
}

}  // namespace

posix::CallResult Futex(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                        uintptr_t second_word, uint32_t value3) {
  return DoFutex<intptr_t>(word, operation, value, time, second_word, value3);
}
posix::CallResult FutexTime64(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                              uintptr_t second_word, uint32_t value3) {
  return DoFutex<int64_t>(word, operation, value, time, second_word, value3);
}

posix::CallResult SetTidAddress(uintptr_t place) {
  process::UserThread& thread = kernel::CurrentThread();
  thread.farewell.clear_thread_id = place;
  return thread.id();
}

posix::CallResult SetRobustList(uintptr_t head, size_t bytes) {
  if (bytes != kRobustListBytes) return kInvalid;
  kernel::CurrentThread().farewell.robust_list = head;
  return 0;
}

posix::CallResult GetRobustList(int thread, kernel::UserPointer<uintptr_t> head,
                                kernel::UserPointer<size_t> bytes) {
  const process::UserThread* const asked =
      thread == 0 ? &kernel::CurrentThread() : process::TheSystem().pids().Find(thread).thread;
  if (asked == nullptr) return std::unexpected(Errno::kNoProcess);
  TRY(bytes.Write(kRobustListBytes));
  TRY(head.Write(asked->farewell.robust_list));
  return 0;
}

}  // namespace syscall
