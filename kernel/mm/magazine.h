// The objects that one processor keeps at hand for one slab cache: last in, first out, so that an
// object freed a moment ago, still in the processor's cache, is the next to be allocated.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mm {

// Only its processor changes it, pinned; other processors read the count for statistics, hence the
// relaxed atomics, which cost what plain loads and stores do. The pointers follow the header.
class Magazine {
 public:
  constexpr explicit Magazine(uint32_t capacity) : capacity_(capacity) {}
  Magazine(const Magazine&) = delete;
  Magazine& operator=(const Magazine&) = delete;

  [[nodiscard]] static constexpr size_t BytesFor(size_t capacity) {
    return sizeof(Magazine) + capacity * sizeof(void*);
  }

  [[nodiscard]] uint32_t capacity() const { return capacity_; }
  [[nodiscard]] uint32_t count() const { return count_.load(std::memory_order_relaxed); }
  void set_count(uint32_t count) { count_.store(count, std::memory_order_relaxed); }

  [[nodiscard]] void** objects() { return reinterpret_cast<void**>(this + 1); }

  // Null when empty.
  [[nodiscard]] void* TryPop() {
    const uint32_t held = count();
    if (held == 0) [[unlikely]]
      return nullptr;
    set_count(held - 1);
    void** const object = objects() + (held - 1);
    // The next one to go may have been written to long ago. Below the first lies
    // something that is harmless.
    __builtin_prefetch(object[-1], 1);
    return *object;
  }

  // False when full.
  [[nodiscard]] bool TryPush(void* object) {
    const uint32_t held = count();
    if (held == capacity_) [[unlikely]]
      return false;
    objects()[held] = object;
    set_count(held + 1);
    return true;
  }

 private:
  std::atomic<uint32_t> count_ = 0;
  uint32_t capacity_;
  // What a look below the first object finds: an address that is mapped, or the look costs a walk
  // of the page tables.
  [[maybe_unused]] void* const below_ = this;
};

static_assert(sizeof(Magazine) % sizeof(void*) == 0);

// Stands for a processor's magazine that does not exist yet: both empty and full, never written.
inline constinit Magazine no_magazine{0};

}  // namespace mm
