// The free objects that a thread has at hand, a magazine for each size class: the objects freed
// last, whose memory is still in the processor's cache, are allocated first, without any lock.
//
// An object that is freed waits while the thread frees some more before it comes into its magazine.
// Whether it is free already is written in it; it is asked for when it is freed, and looked at when
// it has come: nobody waits for memory.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/mm/heap/magazine.h"
#include "kernel/mm/heap/size_class.h"

namespace libatlas {

// Only its thread changes it. Others look at it while that thread does not run.
class ThreadCache {
 public:
  ThreadCache() { magazines_.fill(&mm::no_magazine); }
  ThreadCache(const ThreadCache&) = delete;
  ThreadCache& operator=(const ThreadCache&) = delete;

  // Null when it is empty, false when it is full.
  [[nodiscard]] void* TryPop(size_t size_class) { return magazines_.data()[size_class]->TryPop(); }
  [[nodiscard]] bool TryPush(size_t size_class, void* object) {
    return magazines_.data()[size_class]->TryPush(object);
  }

  // Whether it is one of those that wait.
  [[nodiscard]] bool IsWaiting(const void* object) const {
    // Without a branch for each.
    unsigned found = 0;
    for (const void* const waiting : waiting_) found |= waiting == object ? 1U : 0U;
    return found != 0;
  }

  struct Freed {
    void* object;  // null: nothing
    size_t size_class;
  };
  // What waits longest, and has `freed` in its place.
  [[nodiscard]] Freed Exchange(const Freed& freed) {
    const uint32_t place = next_place_;
    next_place_ = (place + 1) % kWaiting;
    const Freed longest = {waiting_.data()[place], waiting_classes_.data()[place]};
    waiting_.data()[place] = freed.object;
    waiting_classes_.data()[place] = static_cast<uint8_t>(freed.size_class);
    return longest;
  }

  [[nodiscard]] mm::Magazine*& magazine(size_t size_class) { return magazines_[size_class]; }
  [[nodiscard]] const mm::Magazine& magazine(size_t size_class) const {
    return *magazines_[size_class];
  }

 private:
  friend class Heap;

  static constexpr uint32_t kWaiting = 8;

  std::array<mm::Magazine*, mm::kSizeClassCount> magazines_;
  std::array<void*, kWaiting> waiting_{};
  std::array<uint8_t, kWaiting> waiting_classes_{};
  uint32_t next_place_ = 0;
  // All caches of a heap.
  ThreadCache* next_ = nullptr;
  ThreadCache* previous_ = nullptr;
};

}  // namespace libatlas
