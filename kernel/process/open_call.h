// A message that its sender waits for a reply to: at most one for each thread.
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/ipc/event.h"

namespace process {

class UserThread;

struct OpenCall : base::ListHook<OpenCall> {
  enum class State : uint8_t {
    kNone,
    kWaiting,   // in the list of the thread that is to reply
    kAnswered,  // `reply` is there
    kBroken,    // that thread has ended
  };

  explicit OpenCall(UserThread& of) : caller(of) {}

  UserThread& caller;
  State state = State::kNone;
  uint64_t number = 0;           // of the last one made
  uint64_t receiver_serial = 0;  // NativeThread::serial() of who is to reply
  ipc::Event reply{};
};

}  // namespace process
