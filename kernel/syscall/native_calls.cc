#include "kernel/syscall/native_calls.h"

#include "kernel/process/current.h"
#include "kernel/process/native_messages.h"
#include "kernel/process/native_threads.h"

namespace syscall {

posix::CallResult BecomeNative(uintptr_t entry, uintptr_t argument) {
  process::UserThread& thread = kernel::CurrentThread();
  if (entry == 0) return static_cast<intptr_t>(TRY(process::BecomeNative(thread)).value);
  TRY(process::EnterNative(thread, {entry}, argument));
  return 0;
}

posix::CallResult CreateThread(uintptr_t entry, uintptr_t argument, uintptr_t thread_pointer) {
  return TRY(process::CreateNativeThread({entry}, argument, thread_pointer));
}

posix::CallResult SendMessage(int32_t to, UserEvent message, uint64_t time) {
  TRY(process::SendEvent(kernel::CurrentThread(), to, TRY(message.Read()), {time}));
  return 0;
}

posix::CallResult ReceiveMessage(uint64_t time) {
  const mm::VirtAddr event = TRY(process::ReceiveEvent(kernel::CurrentThread(), {time}));
  return static_cast<intptr_t>(event.value);
}

posix::CallResult CallThread(int32_t to, UserEvent message, UserEvent reply, uint64_t time) {
  TRY(reply.Write(
      TRY(process::CallThread(kernel::CurrentThread(), to, TRY(message.Read()), {time}))));
  return 0;
}

posix::CallResult ReplyMessage(int32_t to, UserEvent message) {
  TRY(process::ReplyTo(kernel::CurrentThread(), to, TRY(message.Read())));
  return 0;
}

}  // namespace syscall
