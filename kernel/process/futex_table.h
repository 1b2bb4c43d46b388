// Who waits for which word of memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/sched/block.h"

namespace process {

// A word of memory: the space and the address in it, or an object that spaces show and the offset
// in that.
struct FutexKey {
  const void* owner = nullptr;
  uint64_t offset = 0;

  friend bool operator==(const FutexKey&, const FutexKey&) = default;
};

// A thread in the table; on its stack while it waits.
class FutexWaiter : public base::ListHook<FutexWaiter> {
 public:
  // Which wakes it takes: those with a bit of these.
  FutexWaiter(const FutexKey& key, uint32_t bits) : key_(key), bits_(bits) {}
  ~FutexWaiter() {
    if (IsLinked()) Unlink();
  }

  // Whether nobody has woken it since it was added.
  [[nodiscard]] bool IsWaiting() const { return IsLinked(); }

 private:
  friend class FutexTable;

  FutexKey key_;
  uint32_t bits_;
  sched::Thread* thread_ = nullptr;
};

class FutexTable {
 public:
  static constexpr uint32_t kAnyBit = ~uint32_t{0};

  // Behind those that wait for the same word already; for the current thread.
  void Add(FutexWaiter& waiter) {
    waiter.thread_ = &sched::Current();
    ListOf(waiter.key_).PushBack(waiter);
  }

  // Wakes the first `most` that wait for the word with one of `bits`; returns how many. O(threads
  // that wait for words of the same list), up to the last that it wakes.
  size_t Wake(const FutexKey& key, size_t most, uint32_t bits = kAnyBit) {
    base::List<FutexWaiter>& list = ListOf(key);
    size_t woken = 0;
    for (auto at = list.begin(); woken != most && at != list.end();) {
      FutexWaiter& waiter = *at;
      ++at;  // before this one leaves
      if (!(waiter.key_ == key) || (waiter.bits_ & bits) == 0) continue;
      waiter.Unlink();
      sched::Wake(*waiter.thread_);
      ++woken;
    }
    return woken;
  }

  // The first `most` that wait for `from` wait for `to` instead; returns how many.
  size_t Move(const FutexKey& from, const FutexKey& to, size_t most) {
    if (from == to) return 0;
    size_t moved = 0;
    ListOf(from).ForEach([&](FutexWaiter& waiter) {
      if (moved == most || !(waiter.key_ == from)) return;
      waiter.Unlink();
      waiter.key_ = to;
      ListOf(to).PushBack(waiter);
      ++moved;
    });
    return moved;
  }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() {
    for (base::List<FutexWaiter>& list : lists_) {
      for (const FutexWaiter& waiter : list) {
        if (&ListOf(waiter.key_) != &list || waiter.thread_ == nullptr) {
          return std::unexpected(base::Error::kCorrupt);
        }
      }
    }
    return {};
  }

 private:
  static constexpr size_t kLists = 256;

  [[nodiscard]] base::List<FutexWaiter>& ListOf(const FutexKey& key) {
    // Words are 4 bytes apart; owners are objects of some hundred bytes. A multiplication by
    // 2^64 divided by the golden ratio spreads both over the upper bits.
    constexpr uint64_t kSpread = 0x9e37'79b9'7f4a'7c15;
    const uint64_t mixed =
        ((key.offset >> 2) ^ (reinterpret_cast<uintptr_t>(key.owner) >> 4)) * kSpread;
    constexpr unsigned kTopByte = 56;
    return lists_[mixed >> kTopByte];
  }

  std::array<base::List<FutexWaiter>, kLists> lists_;
};

}  // namespace process
