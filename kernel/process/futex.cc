#include "kernel/process/futex.h"

#include <optional>

#include "arch/ops/user_copy.h"
#include "kernel/process/current.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/system.h"
#include "kernel/space/user_pointer.h"

namespace process {
namespace {

constexpr uint64_t kWordBytes = sizeof(uint32_t);

// Linux's uapi/linux/futex.h: that the holder of a lock died, whether others wait, and the thread
// that holds it.
constexpr uint32_t kOwnerDied = uint32_t{1} << 30;
constexpr uint32_t kHasWaiters = uint32_t{1} << 31;
constexpr uint32_t kHolderMask = kOwnerDied - 1;

// struct robust_list_head.
struct RobustListHead {
  uintptr_t first;
  intptr_t word_offset;  // from an entry to its futex
  uintptr_t pending;     // an entry that is just being locked or unlocked
};

// What the list may hold at most: it may be a circle.
constexpr unsigned kMostRobustLocks = 2048;

constinit FutexTable table;

std::optional<uint32_t> Load(mm::VirtAddr va) {
  if (!kernel::IsUserRange({va, kWordBytes})) return std::nullopt;
  return arch::LoadUser32(va);
}

// Nobody says whether the lock was one of this process alone.
void WakeOne(mm::VirtAddr va, const FutexKey& shared_key) {
  static_cast<void>(table.Wake(shared_key, 1));
  const auto private_key = FutexKeyOf(va, FutexScope::kPrivate);
  if (private_key) static_cast<void>(table.Wake(*private_key, 1));
}

enum class Standing : uint8_t { kLocked, kPending };

void ReleaseLock(const UserThread& thread, uintptr_t word, Standing standing) {
  const mm::VirtAddr va{word};
  const auto key = FutexKeyOf(va, FutexScope::kShared);
  if (!key) return;
  std::optional<uint32_t> value = Load(va);
  // It may have been unlocked, and nobody been woken yet.
  if (value == 0 && standing == Standing::kPending) return WakeOne(va, *key);
  while (value && (*value & kHolderMask) == static_cast<uint32_t>(thread.id())) {
    const uint32_t dead = (*value & kHasWaiters) | kOwnerDied;
    const std::optional<uint32_t> before = arch::CompareExchangeUser32(va, *value, dead);
    if (before == value) {
      if ((*value & kHasWaiters) != 0) WakeOne(va, *key);
      return;
    }
    value = before;
  }
}

}  // namespace

posix::Result<FutexKey> FutexKeyOf(mm::VirtAddr va, FutexScope scope) {
  if (!mm::IsAligned(va, kWordBytes)) return std::unexpected(posix::Errno::kInvalid);
  if (!kernel::IsUserRange({va, kWordBytes})) return std::unexpected(posix::Errno::kFault);
  const UserThread& thread = kernel::CurrentThread();
  if (thread.native != nullptr && thread.native->memory().Covers(va)) [[unlikely]] {
    return FutexKey{.owner = thread.native, .offset = va.value};
  }
  const kernel::AddressSpace& space = *thread.process().space;
  if (scope == FutexScope::kShared) {
    const auto place = space.FindSharedPlace(va);
    if (!place || !arch::LoadUser32(va)) return std::unexpected(posix::Errno::kFault);
    if (place->object != nullptr) {
      return FutexKey{.owner = place->object, .offset = place->offset_bytes};
    }
  }
  return FutexKey{.owner = &space, .offset = va.value};
}

posix::Result<> FutexWait(mm::VirtAddr va, FutexScope scope, uint32_t expected, uint32_t bits,
                          sched::Deadline deadline) {
  FutexWaiter waiter(TRY(FutexKeyOf(va, scope)), bits);
  const std::optional<uint32_t> value = arch::LoadUser32(va);
  if (!value) return std::unexpected(posix::Errno::kFault);
  if (*value != expected) return std::unexpected(posix::Errno::kAgain);
  table.Add(waiter);
  const sched::WaitResult result = sched::Block(deadline, sched::Interruption::kBySignals);
  // A wake counts, whatever else came.
  if (!waiter.IsWaiting()) return {};
  return std::unexpected(result == sched::WaitResult::kTimedOut ? posix::Errno::kTimedOut
                                                                : posix::Errno::kRestart);
}

posix::Result<size_t> FutexWake(mm::VirtAddr va, FutexScope scope, size_t most, uint32_t bits) {
  return table.Wake(TRY(FutexKeyOf(va, scope)), most, bits);
}

posix::Result<size_t> FutexRequeue(const FutexRequeueRequest& request) {
  const FutexKey from = TRY(FutexKeyOf(request.va, request.scope));
  const FutexKey to = TRY(FutexKeyOf(request.to, request.scope));
  if (request.expected) {
    const std::optional<uint32_t> value = Load(request.va);
    if (!value) return std::unexpected(posix::Errno::kFault);
    if (*value != *request.expected) return std::unexpected(posix::Errno::kAgain);
  }
  const size_t woken = table.Wake(from, request.most_woken);
  return woken + table.Move(from, to, request.most_moved);
}

posix::Result<size_t> FutexWakeOperation(const FutexWakeOperationRequest& request) {
  const FutexKey key = TRY(FutexKeyOf(request.va, request.scope));
  const FutexKey other = TRY(FutexKeyOf(request.other, request.scope));
  std::optional<uint32_t> value = Load(request.other);
  while (value) {
    const std::optional<uint32_t> before =
        arch::CompareExchangeUser32(request.other, *value, request.operation.Apply(*value));
    if (before == value) break;
    value = before;
  }
  if (!value) return std::unexpected(posix::Errno::kFault);
  const size_t woken = table.Wake(key, request.most);
  if (!request.operation.Holds(*value)) return woken;
  return woken + table.Wake(other, request.most_of_other);
}

void ClearThreadId(UserThread&, uintptr_t place) {
  const kernel::UserPointer<uint32_t> word(place);
  if (!word.Write(0)) return;
  // The C library joins threads with either kind.
  for (const FutexScope scope : {FutexScope::kPrivate, FutexScope::kShared}) {
    static_cast<void>(FutexWake(word.va(), scope, 1, FutexTable::kAnyBit));
  }
}

void ReleaseRobustLocks(UserThread& thread) {
  const uintptr_t list = thread.farewell.robust_list;
  const auto head = kernel::UserPointer<RobustListHead>(list).Read();
  if (!head) return;
  // Bit 0 of a pointer says something about the lock's kind.
  const auto word_of = [&](uintptr_t entry) {
    return (entry & ~uintptr_t{1}) + static_cast<uintptr_t>(head->word_offset);
  };
  uintptr_t entry = head->first;
  for (unsigned count = 0; count < kMostRobustLocks; ++count) {
    if ((entry & ~uintptr_t{1}) == list || entry == 0) break;
    // The next one first: who gets the lock may reuse the entry.
    const auto next = kernel::UserPointer<uintptr_t>(entry & ~uintptr_t{1}).Read();
    if (entry != head->pending) ReleaseLock(thread, word_of(entry), Standing::kLocked);
    if (!next) break;
    entry = *next;
  }
  if (head->pending != 0) {
    ReleaseLock(thread, word_of(head->pending), Standing::kPending);
  }
}

}  // namespace process
