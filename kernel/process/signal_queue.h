// Signals that are there and not yet delivered: of a thread, or of a process as a whole.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/posix/signal.h"

namespace process {

class ProcessTimer;

// One that is pending with what is known of it. The sender brings it; the queue keeps it.
struct QueuedSignal : public base::ListHook<QueuedSignal> {
  ProcessTimer* timer = nullptr;  // that it is a part of, and goes back to
  posix::SignalInformation information{};
};

// Of each standard signal one is pending at most; those of real time queue up, in order. A signal
// is never lost for lack of memory: without a QueuedSignal it is pending with nothing known.
class SignalQueue {
 public:
  SignalQueue() = default;
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;

  [[nodiscard]] posix::SignalSet pending() const { return pending_; }

  // Whether it would have an effect: a standard signal that is pending already has none.
  [[nodiscard]] bool Wants(posix::Signal signal) const {
    return posix::IsRealTime(signal) || !pending_.Has(signal);
  }

  // `entry` may be null. CHECKed: Wants() it.
  void Add(posix::Signal signal, QueuedSignal* entry);

  // Takes the first of `signal`, which is pending: what was known of it, or null. It stays pending
  // while there are more.
  [[nodiscard]] QueuedSignal* Take(posix::Signal signal);

  // Forgets those of `signals`; each entry goes to `drop(QueuedSignal&)`.
  template <class Drop>
  void Discard(posix::SignalSet signals, Drop&& drop) {
    pending_ = Without(pending_, signals);
    entries_.ForEach([&](QueuedSignal& entry) {
      if (!signals.Has(static_cast<posix::Signal>(entry.information.signal))) return;
      entry.Unlink();
      drop(entry);
    });
  }

  // Which of `pending` comes first: what the program's own instruction caused, then the lowest.
  [[nodiscard]] static std::optional<posix::Signal> NextOf(posix::SignalSet pending);

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  posix::SignalSet pending_;
  base::List<QueuedSignal> entries_;
};

}  // namespace process
