// What a process does about each signal. Threads share it, and processes made with CLONE_SIGHAND.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"

namespace process {

class SignalActions final : public fs::Object {
  using Signal = posix::Signal;
  using Action = posix::SignalAction;

 public:
  explicit SignalActions(fs::Memory& memory) : Object(memory) {}
  SignalActions(fs::Memory& memory, const SignalActions& other) : Object(memory), set_(other.set_) {
    ForEachSet([&](Signal signal) { Place(signal, other[signal]); });
  }

  [[nodiscard]] const Action& operator[](Signal signal) const {
    return set_.Has(signal) ? places_.data()[IndexOf(signal)].action : kDefault;
  }
  // What cannot be blocked stays unblocked.
  void Set(Signal signal, const Action& action) {
    Action changed = action;
    changed.SetMask(Without(action.mask(), posix::kUnblockable));
    Place(signal, changed);
    set_.Add(signal);
  }

  // Whether the signal has no effect when it comes: it is ignored, or nobody asked for it.
  [[nodiscard]] bool Ignores(Signal signal) const {
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
    ForEachSet([&](Signal signal) {
      if ((*this)[signal].handler != posix::kIgnoreHandler) set_.Remove(signal);
    });
  }

 private:
  static constexpr Action kDefault{};

  // For few signals are actions set: a fork copies those alone.
  union PlaceOfAction {
    PlaceOfAction() {}  // NOLINT(modernize-use-equals-default): a union's would be deleted
    Action action;
  };

  [[nodiscard]] static size_t IndexOf(Signal signal) { return posix::NumberOf(signal) - 1; }
  void Place(Signal signal, const Action& action) {
    std::construct_at(&places_.data()[IndexOf(signal)].action, action);
  }
  template <class Visit>
  void ForEachSet(Visit&& visit) const {
    for (posix::SignalSet left = set_; !left.IsEmpty(); left.Remove(left.first())) {
      visit(left.first());
    }
  }

  posix::SignalSet set_;  // the others' is the default
  std::array<PlaceOfAction, posix::kSignalCount> places_;
};

}  // namespace process
