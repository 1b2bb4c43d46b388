#include "kernel/process/signal_queue.h"

#include "kernel/base/check.h"

namespace process {
namespace {

bool IsOf(const QueuedSignal& entry, posix::Signal signal) {
  return entry.information.signal == static_cast<int32_t>(posix::NumberOf(signal));
}

}  // namespace

void SignalQueue::Add(posix::Signal signal, QueuedSignal* entry) {
  CHECK(Wants(signal));
  pending_.Add(signal);
  if (entry == nullptr) return;
  CHECK(IsOf(*entry, signal));
  entries_.PushBack(*entry);
}

QueuedSignal* SignalQueue::Take(posix::Signal signal) {
  CHECK(pending_.Has(signal));
  QueuedSignal* taken = nullptr;
  bool has_more = false;
  for (QueuedSignal& entry : entries_) {
    if (!IsOf(entry, signal)) continue;
    if (taken != nullptr) {
      has_more = true;
      break;
    }
    taken = &entry;
  }
  if (taken != nullptr) taken->Unlink();
  if (!has_more) pending_.Remove(signal);
  return taken;
}

std::optional<posix::Signal> SignalQueue::NextOf(posix::SignalSet pending) {
  if (pending.IsEmpty()) return std::nullopt;
  const posix::SignalSet own = pending & posix::kSynchronous;
  return own.IsEmpty() ? pending.first() : own.first();
}

base::Result<> SignalQueue::CheckInvariants() {
  posix::SignalSet seen;
  for (const QueuedSignal& entry : entries_) {
    const auto signal = posix::SignalOf(static_cast<unsigned>(entry.information.signal));
    const bool is_sound =
        signal && pending_.Has(*signal) && (posix::IsRealTime(*signal) || !seen.Has(*signal));
    if (!is_sound) return std::unexpected(base::Error::kCorrupt);
    seen.Add(*signal);
  }
  return {};
}

}  // namespace process
