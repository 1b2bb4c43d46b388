#include "kernel/random/generator.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "testing/unit/test.h"

namespace entropy {
namespace {

using Key = std::array<std::byte, kKeyBytes>;

Key KeyOf(uint8_t first) {
  Key key{};
  key[0] = std::byte{first};
  return key;
}

// With a seed of zeroes the first key is ChaCha20's stream for key and nonce zero (RFC 8439 A.1,
// test vector 1: 76 b8 e0 ad ...), and what comes first are that key's bytes 32 to 39. Computed by
// another program.
TEST(Generator, IsChaCha20) {
  constexpr std::array<uint8_t, 8> kExpected = {0xaf, 0xbd, 0xad, 0x28, 0x45, 0xb9, 0x3c, 0xdb};
  Generator generator(Key{});
  std::array<std::byte, kExpected.size()> bytes{};
  generator.Fill(bytes);
  for (size_t i = 0; i < bytes.size(); ++i) EXPECT_EQ(bytes[i], std::byte{kExpected[i]}) << i;
}

TEST(Generator, DependsOnItsSeedAndOnWhatIsMixedIn) {
  std::array<std::array<std::byte, 48>, 4> outputs{};
  Generator same(KeyOf(1));
  Generator again(KeyOf(1));
  Generator other(KeyOf(2));
  Generator mixed(KeyOf(1));
  mixed.Mix(std::as_bytes(std::span("x", 1)));
  same.Fill(outputs[0]);
  again.Fill(outputs[1]);
  other.Fill(outputs[2]);
  mixed.Fill(outputs[3]);
  EXPECT_EQ(outputs[0], outputs[1]);
  EXPECT_NE(outputs[0], outputs[2]);
  EXPECT_NE(outputs[0], outputs[3]);
}

TEST(Generator, NeverRepeats) {
  Generator generator(Key{});
  std::array<std::byte, 48> first{};
  std::array<std::byte, 48> second{};
  generator.Fill(first);
  generator.Fill(second);
  EXPECT_NE(first, second);
}

// Long requests take several blocks: no part stays as it was, and none is like another.
TEST(Generator, FillsEveryByteOfAnyLength) {
  constexpr size_t kMost = 1500;
  for (const size_t length : {size_t{1}, size_t{479}, size_t{480}, size_t{481}, kMost}) {
    // A byte that stays 0 in so many independent outputs was not written.
    std::array<std::byte, kMost + 1> seen{};
    Generator generator(Key{});
    for (unsigned round = 0; round < 16; ++round) {
      std::array<std::byte, kMost + 1> bytes{};
      generator.Fill(std::span(bytes).first(length));
      for (size_t i = 0; i < bytes.size(); ++i) seen[i] |= bytes[i];
    }
    for (size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i] != std::byte{0}, i < length) << i;
  }
}

}  // namespace
}  // namespace entropy
