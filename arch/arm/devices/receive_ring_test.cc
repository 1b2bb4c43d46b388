#include "arch/arm/devices/receive_ring.h"

#include <gtest/gtest.h>

namespace arch::arm {
namespace {

TEST(ReceiveRing, StartsEmpty) {
  ReceiveRing ring;
  EXPECT_EQ(ring.Take(), std::nullopt);
}

TEST(ReceiveRing, KeepsTheOrder) {
  ReceiveRing ring;
  ring.Put('a');
  ring.Put('b');
  EXPECT_EQ(ring.Take(), 'a');
  ring.Put('c');
  EXPECT_EQ(ring.Take(), 'b');
  EXPECT_EQ(ring.Take(), 'c');
  EXPECT_EQ(ring.Take(), std::nullopt);
}

TEST(ReceiveRing, DropsTheNewestWhenFull) {
  ReceiveRing ring;
  for (size_t i = 0; i < ReceiveRing::kCapacity; ++i) ring.Put(static_cast<char>('a' + i % 26));
  ring.Put('!');
  for (size_t i = 0; i < ReceiveRing::kCapacity; ++i) {
    ASSERT_EQ(ring.Take(), static_cast<char>('a' + i % 26)) << i;
  }
  EXPECT_EQ(ring.Take(), std::nullopt);
}

TEST(ReceiveRing, GoesRound) {
  ReceiveRing ring;
  for (size_t i = 0; i < 3 * ReceiveRing::kCapacity; ++i) {
    ring.Put(static_cast<char>(i));
    ASSERT_EQ(ring.Take(), static_cast<char>(i)) << i;
  }
}

}  // namespace
}  // namespace arch::arm
