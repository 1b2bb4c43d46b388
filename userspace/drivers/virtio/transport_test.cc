#include "userspace/drivers/virtio/transport.h"

#include <gtest/gtest.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "userspace/drivers/virtio/fake_virtio.h"
#include "userspace/drivers/virtio/mmio_transport.h"
#include "userspace/drivers/virtio/pci_transport.h"

namespace drivers::virtio {
namespace {

using base::Error;
using Lie = FakeVirtio::Lie;

constexpr uint64_t kDeviceAddress = 0x1'2345'6000;  // both halves of it matter

template <class Front>
struct TransportTest : testing::Test {
  TransportTest() {
    device.memory = {storage, kDeviceAddress};
    device.type = kBlockDevice;
    device.SetConfig64(0, 0x1'0000'0002);
  }

  alignas(16) std::array<std::byte, 4096> storage{};
  FakeVirtio device;
  Front front{device};
};

using Fronts = testing::Types<FakeMmioFront, FakePciFront>;
TYPED_TEST_SUITE(TransportTest, Fronts);

TYPED_TEST(TransportTest, StartsADevice) {
  auto transport = this->front.Connect();
  ASSERT_TRUE(transport.has_value());
  static_assert(Transport<typename TypeParam::Driver>);
  EXPECT_EQ(transport->device_type(), kBlockDevice);
  this->device.features |= 0b1010;
  this->device.status = kStatusFailed;
  EXPECT_EQ(*Negotiate(*transport, 0b0110), kFeatureVersion1 | 0b0010);
  EXPECT_EQ(this->device.accepted, kFeatureVersion1 | 0b0010);
  const auto queue = StartQueue(*transport, 0, 64, this->device.memory);
  ASSERT_TRUE(queue.has_value());
  EXPECT_EQ(queue->descriptor_count(), 8);
  EXPECT_TRUE(this->device.enabled);
  EXPECT_EQ(this->device.descriptors, 8);
  EXPECT_EQ(this->device.addresses.descriptors, queue->addresses().descriptors);
  EXPECT_EQ(this->device.addresses.available, queue->addresses().available);
  EXPECT_EQ(this->device.addresses.used, queue->addresses().used);
  StartDevice(*transport);
  EXPECT_EQ(this->device.status, 0b1111);
  transport->Notify(0);
  EXPECT_EQ(this->device.notifications, 1);
  EXPECT_EQ(*ReadConfig64(*transport, 0), 0x1'0000'0002u);
}

TYPED_TEST(TransportTest, InterruptsAreTakenOnce) {
  const auto transport = this->front.Connect();
  EXPECT_EQ(transport->TakeInterrupts(), 0u);
  this->device.interrupts = kInterruptQueue | kInterruptConfiguration;
  EXPECT_EQ(transport->TakeInterrupts(), 3u);
  EXPECT_EQ(transport->TakeInterrupts(), 0u);
}

TYPED_TEST(TransportTest, ADeviceThatDoesNotPlayAlongIsGivenUp) {
  auto transport = this->front.Connect();
  this->device.lie = Lie::kNeverResets;
  EXPECT_EQ(Negotiate(*transport, 0).error(), Error::kUnsupported);
  this->device.lie = Lie::kRefusesFeatures;
  EXPECT_EQ(Negotiate(*transport, 0).error(), Error::kUnsupported);
  EXPECT_NE(this->device.status & kStatusFailed, 0);
  this->device.lie = Lie::kNone;
  this->device.features = 0;  // from before 1.0
  EXPECT_EQ(Negotiate(*transport, 0).error(), Error::kUnsupported);
  EXPECT_NE(this->device.status & kStatusFailed, 0);
}

TYPED_TEST(TransportTest, QueuesAreJudged) {
  auto transport = this->front.Connect();
  EXPECT_EQ(StartQueue(*transport, 1, 8, this->device.memory).error(), Error::kNotFound);
  this->device.max_descriptors = 6;
  EXPECT_EQ(StartQueue(*transport, 0, 8, this->device.memory).error(), Error::kInvalidArgument);
  this->device.max_descriptors = 0;
  EXPECT_EQ(StartQueue(*transport, 0, 8, this->device.memory).error(), Error::kNotFound);
  this->device.max_descriptors = 32768;
  EXPECT_EQ(StartQueue(*transport, 0, 4, this->device.memory)->descriptor_count(), 4);
  this->device.lie = Lie::kQueueIsReady;
  EXPECT_EQ(StartQueue(*transport, 0, 8, this->device.memory).error(), Error::kCorrupt);
}

TYPED_TEST(TransportTest, ConfigurationIsJudged) {
  const auto transport = this->front.Connect();
  EXPECT_EQ(ReadConfig64(*transport, 4).error(), Error::kCorrupt) << "half of it is not there";
  this->device.lie = Lie::kRestlessConfig;
  EXPECT_EQ(ReadConfig64(*transport, 0).error(), Error::kCorrupt);
}

TEST(MmioTransportTest, WhatIsNoDeviceIsRefused) {
  FakeVirtio device{.type = kBlockDevice};
  FakeMmioFront front(device);
  ASSERT_TRUE(front.Connect().has_value());
  front.version = 1;
  EXPECT_EQ(front.Connect().error(), Error::kUnsupported);
  front.magic = 0;
  EXPECT_EQ(front.Connect().error(), Error::kNotFound);
  front.magic = FakeMmioFront(device).magic;
  front.version = 2;
  device.type = 0;
  EXPECT_EQ(front.Connect().error(), Error::kNotFound);
  using Driver = FakeMmioFront::Driver;
  EXPECT_EQ(Driver::Make(FakeRegisters(front, 0, 0xFF)).error(), Error::kCorrupt);
}

TEST(PciTransportTest, StructuresAreJudged) {
  struct Row {
    const char* name;
    uint32_t common_bytes;
    uint32_t notify_bytes;
    uint32_t notify_multiplier;
    uint32_t notify_offset;
    bool connects;
    bool enables;
  };
  for (const Row& row : {
           Row{"as it should be", 56, 4, 4, 0, true, true},
           Row{"one register for all queues", 56, 2, 0, 9, true, true},
           Row{"common one byte short", 55, 4, 4, 0, false, false},
           Row{"no place to notify", 56, 1, 4, 0, false, false},
           Row{"notifications behind the structure", 56, 4, 4, 1, true, false},
           Row{"across its end", 56, 4, 3, 1, true, false},
           Row{"far away", 56, 4, 0xFFFF'FFFF, 0xFFFF, true, false},
           Row{"not aligned", 56, 8, 1, 1, true, false},
       }) {
    alignas(16) std::array<std::byte, 4096> storage{};
    FakeVirtio device{.memory = {storage, kDeviceAddress}, .type = kBlockDevice};
    FakePciFront front(device);
    front.common_bytes = row.common_bytes;
    front.notify_bytes = row.notify_bytes;
    front.notify_multiplier = row.notify_multiplier;
    front.notify_offset = row.notify_offset;
    auto transport = front.Connect();
    ASSERT_EQ(transport.has_value(), row.connects) << row.name;
    if (!transport.has_value()) {
      EXPECT_EQ(transport.error(), Error::kCorrupt) << row.name;
      continue;
    }
    const auto queue = StartQueue(*transport, 0, 8, device.memory);
    ASSERT_EQ(queue.has_value(), row.enables) << row.name;
    EXPECT_EQ(device.enabled, row.enables) << row.name;
  }
}

}  // namespace
}  // namespace drivers::virtio
