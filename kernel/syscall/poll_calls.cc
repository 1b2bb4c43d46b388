#include "kernel/syscall/poll_calls.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "kernel/fs/poll.h"
#include "kernel/posix/file.h"
#include "kernel/posix/signal.h"
#include "kernel/process/signals.h"
#include "kernel/process/user_thread.h"
#include "kernel/sched/deadline.h"
#include "kernel/syscall/file_access.h"

namespace syscall {

using posix::Errno;
using posix::PollDescriptor;
using sched::Deadline;

namespace {

// --- What the calls have in common
// ----------------------------------------------------------------

Deadline After(uint64_t nanoseconds) {
  return Deadline::After(TheServices().environment.MonotonicNanoseconds(), nanoseconds);
}

// A null pointer waits for ever. Errors: kInvalid, kFault.
template <class Time>
posix::Result<Deadline> ReadDeadline(kernel::UserPointer<Time> pointer) {
  if (pointer.IsNull()) return Deadline::Never();
  const std::optional<uint64_t> span = posix::NanosecondsOf(TRY(pointer.Read()));
  if (!span) return std::unexpected(Errno::kInvalid);
  return After(*span);
}

uint64_t TimeUntil(Deadline deadline) {
  const uint64_t now = TheServices().environment.MonotonicNanoseconds();
  return deadline.nanoseconds > now ? deadline.nanoseconds - now : 0;
}

// The time that is left replaces the time that was asked for; where it cannot be written, nobody
// wants to know.
template <class Word>
void TellTimeLeft(kernel::UserPointer<posix::TimeOf<Word>> pointer, Deadline deadline) {
  if (pointer.IsNull()) return;
  static_cast<void>(pointer.Write(posix::TimeFrom<Word>(TimeUntil(deadline))));
}

// Another mask of blocked signals, while it lives. After an interruption the mask stays until the
// signal has been delivered, which puts the old one back.
class BlockedMeanwhile {
 public:
  BlockedMeanwhile() = default;
  BlockedMeanwhile(const BlockedMeanwhile&) = delete;
  BlockedMeanwhile& operator=(const BlockedMeanwhile&) = delete;
  ~BlockedMeanwhile() {
    if (!is_set_ || is_interrupted_) return;
    process::UserThread& thread = kernel::CurrentThread();
    const posix::SignalSet before = *thread.signals.blocked_before;
    thread.signals.blocked_before.reset();
    process::SetBlocked(thread, before);
  }

  // A null mask changes nothing. Errors: kInvalid, kFault.
  [[nodiscard]] posix::Result<> Set(kernel::UserPointer<uint64_t> mask, size_t mask_bytes) {
    if (mask.IsNull()) return {};
    if (mask_bytes != sizeof(uint64_t)) return std::unexpected(Errno::kInvalid);
    const posix::SignalSet blocked(TRY(mask.Read()));
    process::UserThread& thread = kernel::CurrentThread();
    thread.signals.blocked_before = thread.signals.blocked;
    process::SetBlocked(thread, blocked);
    is_set_ = true;
    return {};
  }

  void NoteEndOf(const posix::CallResult& result) {
    is_interrupted_ = !result && result.error() == Errno::kInterrupted;
  }

 private:
  bool is_set_ = false;
  bool is_interrupted_ = false;
};

// Words on the stack while they are few, else on the heap.
template <class T, size_t kFew>
class Scratch {
 public:
  explicit Scratch(size_t count) : count_(count) {
    if (count <= kFew) return;
    const base::Result<void*> block = TheServices().memory.Allocate(count * sizeof(T));
    data_ = block ? static_cast<T*>(*block) : nullptr;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (data_ != few_.data()) TheServices().memory.Free(data_);
  }

  [[nodiscard]] bool IsThere() const { return data_ != nullptr; }
  [[nodiscard]] std::span<T> span() const { return {data_, count_}; }

 private:
  std::array<T, kFew> few_;
  size_t count_;
  T* data_ = few_.data();
};

// --- poll
// -----------------------------------------------------------------------------------------

posix::CallResult PollUntil(uintptr_t descriptors, uint32_t count, Deadline deadline) {
  constexpr size_t kFew = 16;
  if (count > Files().limit()) return std::unexpected(Errno::kInvalid);
  const Scratch<PollDescriptor, kFew> scratch(count);
  if (!scratch.IsThere()) return std::unexpected(Errno::kOutOfMemory);
  const std::span<PollDescriptor> polled = scratch.span();
  const kernel::UserPointer<PollDescriptor> pointer(descriptors);
  TRY(pointer.ReadMany(polled));
  const size_t ready = TRY(fs::Poll(TheServices().memory, Files(), polled, deadline));
  TRY(pointer.WriteMany(polled));
  return static_cast<intptr_t>(ready);
}

template <class Time>
posix::CallResult PollBlocking(uintptr_t descriptors, uint32_t count,
                               kernel::UserPointer<Time> time, kernel::UserPointer<uint64_t> mask,
                               size_t mask_bytes) {
  const Deadline deadline = TRY(ReadDeadline(time));
  BlockedMeanwhile blocked;
  TRY(blocked.Set(mask, mask_bytes));
  const posix::CallResult result = PollUntil(descriptors, count, deadline);
  blocked.NoteEndOf(result);
  TellTimeLeft(time, deadline);
  return result;
}

// --- select
// ---------------------------------------------------------------------------------------

posix::CallResult SelectUntil(int32_t count, const std::array<uintptr_t, 3>& sets,
                              Deadline deadline) {
  constexpr size_t kFewWords = 3 * 4;
  constexpr size_t kWordBits = sizeof(uintptr_t) * 8;
  if (count < 0) return std::unexpected(Errno::kInvalid);
  // Beyond the table there are no descriptors to wait for.
  const size_t descriptors = std::min(static_cast<size_t>(count), fs::FileTable::kMostDescriptors);
  const size_t words = (descriptors + kWordBits - 1) / kWordBits;
  const Scratch<uintptr_t, kFewWords> scratch(sets.size() * words);
  if (!scratch.IsThere()) return std::unexpected(Errno::kOutOfMemory);
  std::array<std::span<uintptr_t>, 3> read;
  for (size_t i = 0; i < sets.size(); ++i) {
    if (sets[i] == 0) continue;
    read[i] = scratch.span().subspan(i * words, words);
    TRY(kernel::UserPointer<uintptr_t>(sets[i]).ReadMany(read[i]));
  }
  const size_t ready = TRY(fs::Select(TheServices().memory, Files(), descriptors,
                                      {read[0], read[1], read[2]}, deadline));
  for (size_t i = 0; i < sets.size(); ++i) {
    if (sets[i] != 0) TRY(kernel::UserPointer<uintptr_t>(sets[i]).WriteMany(read[i]));
  }
  return static_cast<intptr_t>(ready);
}

// pselect6's last argument.
struct MaskAndSize {
  uintptr_t mask;
  size_t bytes;
};

template <class Time>
posix::CallResult SelectBlocking(int32_t count, const std::array<uintptr_t, 3>& sets,
                                 kernel::UserPointer<Time> time, uintptr_t mask) {
  const Deadline deadline = TRY(ReadDeadline(time));
  BlockedMeanwhile blocked;
  if (mask != 0) {
    const MaskAndSize both = TRY(kernel::UserPointer<MaskAndSize>(mask).Read());
    TRY(blocked.Set(kernel::UserPointer<uint64_t>(both.mask), both.bytes));
  }
  const posix::CallResult result = SelectUntil(count, sets, deadline);
  blocked.NoteEndOf(result);
  TellTimeLeft(time, deadline);
  return result;
}

}  // namespace

posix::CallResult Poll(uintptr_t descriptors, uint32_t count, int32_t milliseconds) {
  constexpr uint64_t kMillisecond = 1'000'000;
  const bool waits_for_ever = milliseconds < 0;
  return PollUntil(descriptors, count,
                   waits_for_ever ? Deadline::Never()
                                  : After(static_cast<uint64_t>(milliseconds) * kMillisecond));
}

posix::CallResult Ppoll(uintptr_t descriptors, uint32_t count, WordTimePointer time,
                        kernel::UserPointer<uint64_t> mask, size_t mask_bytes) {
  return PollBlocking(descriptors, count, time, mask, mask_bytes);
}
posix::CallResult PpollTime64(uintptr_t descriptors, uint32_t count, LongTimePointer time,
                              kernel::UserPointer<uint64_t> mask, size_t mask_bytes) {
  return PollBlocking(descriptors, count, time, mask, mask_bytes);
}

posix::CallResult Select(int32_t count, uintptr_t readable, uintptr_t writable,
                         uintptr_t exceptional, kernel::UserPointer<posix::MicrosecondTime> time) {
  Deadline deadline = Deadline::Never();
  if (!time.IsNull()) {
    const posix::MicrosecondTime value = TRY(time.Read());
    // Linux takes more microseconds than a second has.
    constexpr auto kSecond = static_cast<intptr_t>(posix::kMicrosecondsPerSecond);
    const int64_t more = value.microseconds / kSecond;
    if (value.seconds < 0 || value.microseconds < 0) return std::unexpected(Errno::kInvalid);
    int64_t seconds = 0;
    if (__builtin_add_overflow(int64_t{value.seconds}, more, &seconds)) {
      return std::unexpected(Errno::kInvalid);
    }
    const auto span = posix::NanosecondsOf(
        posix::MicrosecondTimeOf<int64_t>{seconds, value.microseconds % kSecond});
    if (!span) return std::unexpected(Errno::kInvalid);
    deadline = After(*span);
  }
  const posix::CallResult result = SelectUntil(count, {readable, writable, exceptional}, deadline);
  if (!time.IsNull()) {
    static_cast<void>(time.Write(posix::MicrosecondTimeFrom<intptr_t>(TimeUntil(deadline))));
  }
  return result;
}

posix::CallResult Pselect6(int32_t count, uintptr_t readable, uintptr_t writable,
                           uintptr_t exceptional, WordTimePointer time, uintptr_t mask) {
  return SelectBlocking(count, {readable, writable, exceptional}, time, mask);
}
posix::CallResult Pselect6Time64(int32_t count, uintptr_t readable, uintptr_t writable,
                                 uintptr_t exceptional, LongTimePointer time, uintptr_t mask) {
  return SelectBlocking(count, {readable, writable, exceptional}, time, mask);
}

}  // namespace syscall
