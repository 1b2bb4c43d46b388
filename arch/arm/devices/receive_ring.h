// Characters on their way from an interrupt handler to a reader.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

namespace arch::arm {

// One writer and one reader, which may interrupt each other; no lock.
class ReceiveRing {
 public:
  static constexpr size_t kCapacity = 256;

  // Drops the character if the ring is full.
  void Put(char c) {
    const size_t written = written_.load(std::memory_order_relaxed);
    if (written - read_.load(std::memory_order_acquire) == kCapacity) return;
    characters_[written % kCapacity] = c;
    written_.store(written + 1, std::memory_order_release);
  }

  std::optional<char> Take() {
    const size_t read = read_.load(std::memory_order_relaxed);
    if (read == written_.load(std::memory_order_acquire)) return std::nullopt;
    const char c = characters_[read % kCapacity];
    read_.store(read + 1, std::memory_order_release);
    return c;
  }

 private:
  // Counts since the start; they may wrap, because the capacity is a power of two.
  std::atomic<size_t> written_ = 0;
  std::atomic<size_t> read_ = 0;
  std::array<char, kCapacity> characters_{};
};

}  // namespace arch::arm
