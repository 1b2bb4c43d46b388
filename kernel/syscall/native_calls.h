// The system calls that Linux does not have: native threads and their messages. Numbers from
// kFirstNativeCall on, the same on every processor; process/native_messages.h says what they do.
// Times are nanoseconds from now on: 0 does not wait, all ones wait without end.
#pragma once

#include <cstdint>

#include "kernel/ipc/event.h"
#include "kernel/posix/errno.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

enum class NativeCall : uint32_t {
  kBecomeNative = 0x1000,
  kCreateThread = 0x1001,
  kSend = 0x1002,
  kReceive = 0x1003,
  kCall = 0x1004,
  kReply = 0x1005,
  // shared_block_calls.h
  kMakeSharedBlock = 0x1006,
  kReleaseSharedBlock = 0x1007,
  kFindSharedBlock = 0x1008,
};

using UserEvent = kernel::UserPointer<ipc::Event>;

// With an entry of 0 the process's first thread goes on behind the call; the result is its queue's
// address.
[[nodiscard]] posix::CallResult BecomeNative(uintptr_t entry, uintptr_t argument);
[[nodiscard]] posix::CallResult CreateThread(uintptr_t entry, uintptr_t argument,
                                             uintptr_t thread_pointer);
[[nodiscard]] posix::CallResult SendMessage(int32_t to, UserEvent message, uint64_t time);
// The result is the address of the event.
[[nodiscard]] posix::CallResult ReceiveMessage(uint64_t time);
[[nodiscard]] posix::CallResult CallThread(int32_t to, UserEvent message, UserEvent reply,
                                           uint64_t time);
[[nodiscard]] posix::CallResult ReplyMessage(int32_t to, UserEvent message);

}  // namespace syscall
