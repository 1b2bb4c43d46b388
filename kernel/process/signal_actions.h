// What a process does about each signal. Threads share it, and processes made with CLONE_SIGHAND.
#pragma once

#include <array>
#include <cstddef>

#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"

namespace process {

class SignalActions final : public fs::Object {
 public:
  explicit SignalActions(fs::Memory& memory) : Object(memory), actions_{} {}
  SignalActions(fs::Memory& memory, const SignalActions& other)
      : Object(memory), actions_(other.actions_) {}

  [[nodiscard]] const posix::SignalAction& operator[](posix::Signal signal) const {
    return actions_[posix::NumberOf(signal) - 1];
  }
  // What cannot be blocked stays unblocked.
  void Set(posix::Signal signal, const posix::SignalAction& action) {
    posix::SignalAction& place = actions_[posix::NumberOf(signal) - 1];
    place = action;
    place.SetMask(Without(action.mask(), posix::kUnblockable));
  }

  // Whether the signal has no effect when it comes: it is ignored, or nobody asked for it.
  [[nodiscard]] bool Ignores(posix::Signal signal) const {
    const uintptr_t handler = (*this)[signal].handler;
    return handler == posix::kIgnoreHandler ||
           (handler == posix::kDefaultHandler &&
            posix::DefaultActionOf(signal) == posix::DefaultAction::kIgnore);
  }

  // fork.
  [[nodiscard]] posix::Result<fs::Ref<SignalActions>> Copy() const {
    return fs::MakeObject<SignalActions>(memory(), *this);
  }

  // exec: handlers are gone with the program, what is ignored stays ignored.
  void ForgetHandlers() {
    for (posix::SignalAction& action : actions_) {
      if (action.handler != posix::kIgnoreHandler) action = {};
    }
  }

 private:
  std::array<posix::SignalAction, posix::kSignalCount> actions_;
};

}  // namespace process
