#include "userspace/drivers/virtio/entropy_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "userspace/drivers/virtio/fake_virtio.h"

namespace drivers::virtio {
namespace {

using base::Error;

template <class Front>
struct EntropyDeviceTest : testing::Test {
  using Device = EntropyDevice<typename Front::Driver>;

  EntropyDeviceTest() {
    device.memory = {storage, 0x4000'0000};
    device.type = kEntropyDevice;
  }

  base::Result<Device> Start() { return Device::Start(*front.Connect(), device.memory); }

  alignas(16) std::array<std::byte, 4096> storage{};
  std::array<std::byte, Device::kBytes> bytes{};
  FakeVirtio device;
  Front front{device};
};

using Fronts = testing::Types<FakeMmioFront, FakePciFront>;
TYPED_TEST_SUITE(EntropyDeviceTest, Fronts);

TYPED_TEST(EntropyDeviceTest, GivesWhatTheDeviceGave) {
  auto entropy = *this->Start();
  for (const uint32_t given : {64U, 1U, 33U}) {
    ASSERT_TRUE(entropy.Request().has_value());
    EXPECT_EQ(entropy.Request().error(), Error::kAlreadyExists);
    EXPECT_EQ(*entropy.Take(this->bytes), 0u);
    const auto chain = this->device.queue.Next();
    ASSERT_EQ(chain->pieces.size(), 1u);
    ASSERT_EQ(chain->pieces[0].bytes.size(), 64u);
    std::ranges::fill(chain->pieces[0].bytes.first(given), std::byte(given));
    this->device.queue.Return(chain->head, given);
    this->bytes.fill(std::byte{0xEE});
    EXPECT_EQ(*entropy.Take(this->bytes), given);
    EXPECT_TRUE(std::ranges::all_of(std::span(this->bytes).first(given),
                                    [&](std::byte byte) { return byte == std::byte(given); }));
    if (given < 64) {
      EXPECT_EQ(this->bytes[given], std::byte{0xEE});
    }
    entropy.CheckInvariants();
  }
}

TYPED_TEST(EntropyDeviceTest, MoreThanWasAskedForIsALie) {
  auto entropy = *this->Start();
  ASSERT_TRUE(entropy.Request().has_value());
  this->device.queue.Return(this->device.queue.Next()->head, 65);
  EXPECT_EQ(entropy.Take(this->bytes).error(), Error::kCorrupt);
  EXPECT_TRUE(entropy.broken());
}

TYPED_TEST(EntropyDeviceTest, WhatIsRefused) {
  EXPECT_EQ(
      TestFixture::Device::Start(*this->front.Connect(), this->device.memory.Part(0, 100)).error(),
      Error::kOutOfMemory);
  this->device.max_descriptors = 0;
  EXPECT_EQ(this->Start().error(), Error::kNotFound);
  EXPECT_NE(this->device.status & kStatusFailed, 0);
  this->device.type = kBlockDevice;
  EXPECT_EQ(this->Start().error(), Error::kNotFound);
}

}  // namespace
}  // namespace drivers::virtio
