// What makes a thread a native one: memory that no other thread has, at the same addresses as every
// other native thread, and a queue of messages in it. Made by native_threads.h.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/ipc/event.h"
#include "kernel/ipc/mailbox.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/process/open_call.h"
#include "kernel/space/thread_table.h"

namespace process {

class NativeThread {
 public:
  // `arguments`: of its memory.
  template <class... Arguments>
  explicit NativeThread(uint64_t serial, Arguments&&... arguments)
      : memory_(std::forward<Arguments>(arguments)...), serial_(serial) {}

  // Called once, before all else. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> Start(mm::FrameWindows& windows) {
    TRY(memory_.Start());
    mailbox_.emplace(windows, memory_.queue_frame(), memory_.window_pages());
    return {};
  }

  [[nodiscard]] kernel::ThreadMemory& memory() { return memory_; }
  [[nodiscard]] const kernel::ThreadMemory& memory() const { return memory_; }
  [[nodiscard]] ipc::Mailbox& mailbox() { return *mailbox_; }
  // No two native threads ever have the same.
  [[nodiscard]] uint64_t serial() const { return serial_; }

  // Those who wait for this thread's reply.
  base::List<OpenCall> callers;
  // Pages that came with the last reply to a call of this thread.
  ipc::WindowRun reply_run;
  // What a thread that has its own stack finds there.
  uintptr_t argument = 0;

 private:
  kernel::ThreadMemory memory_;
  uint64_t serial_;
  std::optional<ipc::Mailbox> mailbox_;
};

}  // namespace process
