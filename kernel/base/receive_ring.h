// Characters on their way from an interrupt handler to a reader.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <optional>

#include "kernel/base/check.h"

namespace base {

// One writer and one reader, which may interrupt each other; no lock.
class ReceiveRing {
 public:
  static constexpr size_t kCapacity = 256;

  // For the writer: once true, it stays so until Put().
  [[nodiscard]] bool HasRoom() const {
    return written_.load(std::memory_order_relaxed) - read_.load(std::memory_order_acquire) !=
           kCapacity;
  }

  // Only while there is room: what finds none is best left in the device, which holds its sender
  // back.
  void Put(char c) {
    CHECK(HasRoom());
    const size_t written = written_.load(std::memory_order_relaxed);
    characters_[written % kCapacity] = c;
    written_.store(written + 1, std::memory_order_release);
  }

  // Nothing when the ring is empty.
  [[nodiscard]] std::optional<char> Take() {
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

}  // namespace base
