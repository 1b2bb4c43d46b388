// Random numbers for programs: ChaCha20 with a key that each use replaces, so that what was given
// out cannot be computed from what the kernel holds later ("fast key erasure").
//
// Belongs to whoever is in the kernel: not locked.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace entropy {

inline constexpr size_t kKeyBytes = 32;  // ChaCha20's

class Generator {
 public:
  // As unpredictable as `seed`.
  explicit Generator(const std::array<std::byte, kKeyBytes>& seed) : key_(seed) { Renew(); }
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Makes what comes depend on `bytes` as well, of which only the first kKeyBytes count. Never
  // makes it more predictable.
  void Mix(std::span<const std::byte> bytes);

  void Fill(std::span<std::byte> bytes);

 private:
  void Renew();

  std::array<std::byte, kKeyBytes> key_;
};

}  // namespace entropy
