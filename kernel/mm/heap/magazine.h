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
    return objects()[held - 1];
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
};

static_assert(sizeof(Magazine) % sizeof(void*) == 0);

// Stands for a processor's magazine that does not exist yet: both empty and full, never written.
inline constinit Magazine no_magazine{0};

}  // namespace mm
