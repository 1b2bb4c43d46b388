#include "kernel/base/receive_ring.h"

#include <cstddef>
#include <optional>

#include "testing/unit/test.h"

namespace {

using base::ReceiveRing;

TEST(ReceiveRing, StartsEmpty) {
  ReceiveRing ring;
  EXPECT_TRUE(ring.HasRoom());
  EXPECT_TRUE(ring.Take() == std::nullopt);
}

TEST(ReceiveRing, KeepsTheOrder) {
  ReceiveRing ring;
  ring.Put('a');
  ring.Put('b');
  EXPECT_TRUE(ring.Take() == 'a');
  ring.Put('c');
  EXPECT_TRUE(ring.Take() == 'b');
  EXPECT_TRUE(ring.Take() == 'c');
  EXPECT_TRUE(ring.Take() == std::nullopt);
}

TEST(ReceiveRing, HasRoomForItsCapacity) {
  ReceiveRing ring;
  for (size_t i = 0; i < ReceiveRing::kCapacity; ++i) {
    ASSERT_TRUE(ring.HasRoom()) << i;
    ring.Put(static_cast<char>('a' + i % 26));
  }
  EXPECT_FALSE(ring.HasRoom());
  EXPECT_TRUE(ring.Take() == 'a');
  EXPECT_TRUE(ring.HasRoom());
}

TEST(ReceiveRing, GoesRound) {
  ReceiveRing ring;
  for (size_t i = 0; i < 3 * ReceiveRing::kCapacity; ++i) {
    ring.Put(static_cast<char>(i));
    ASSERT_TRUE(ring.Take() == static_cast<char>(i)) << i;
  }
}

}  // namespace
