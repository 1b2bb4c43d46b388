#include "kernel/random/generator.h"

#include <crypto_stream_chacha20.h>
#include <ref/chacha20_ref.h>

#include <algorithm>
#include <cstring>

// What libsodium calls on its secrets when it is through with them.
extern "C" void sodium_memzero(void* bytes, size_t count) {
  std::memset(bytes, 0, count);
  asm volatile("" : : "r"(bytes) : "memory");
}

namespace entropy {
namespace {

// Each key is used once, so that any nonce will do.
constexpr std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> kNonce{};
static_assert(kKeyBytes == crypto_stream_chacha20_KEYBYTES);

// What is generated at once: the next key, and bytes for the caller.
constexpr size_t kBlockBytes = 512;

void Stream(std::span<std::byte> bytes, std::span<const std::byte, kKeyBytes> key) {
  crypto_stream_chacha20_ref_implementation.stream(
      reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), kNonce.data(),
      reinterpret_cast<const unsigned char*>(key.data()));
}

}  // namespace

void Generator::Mix(std::span<const std::byte> bytes) {
  const size_t count = std::min(bytes.size(), kKeyBytes);
  for (size_t i = 0; i < count; ++i) key_[i] ^= bytes[i];
  Renew();
}

void Generator::Fill(std::span<std::byte> bytes) {
  std::array<std::byte, kBlockBytes> block;
  while (!bytes.empty()) {
    const size_t count = std::min(bytes.size(), kBlockBytes - kKeyBytes);
    const std::span<std::byte> used = std::span(block).first(kKeyBytes + count);
    Stream(used, key_);
    std::memcpy(key_.data(), used.data(), kKeyBytes);
    std::memcpy(bytes.data(), used.data() + kKeyBytes, count);
    bytes = bytes.subspan(count);
  }
  // The stack is not to keep what was given out.
  sodium_memzero(block.data(), block.size());
}

void Generator::Renew() {
  std::array<std::byte, kKeyBytes> next;
  Stream(next, key_);
  key_ = next;
}

}  // namespace entropy
