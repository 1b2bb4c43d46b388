#include "userspace/drivers/virtio/split_queue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <vector>

#include "userspace/drivers/virtio/device_queue.h"

namespace drivers::virtio {
namespace {

using base::Error;

constexpr uint64_t kDeviceAddress = 0x8000'0000;
constexpr uint16_t kCount = 8;

struct SplitQueueTest : testing::Test {
  alignas(16) std::array<std::byte, 4096> storage{};
  DmaMemory memory{storage, kDeviceAddress};
  SplitQueue queue = *SplitQueue::Make(memory, kCount);
  DeviceQueue device{memory, queue.addresses(), kCount};

  // Behind the queue.
  Buffer Data(uint32_t offset, uint32_t size_bytes) const {
    return {kDeviceAddress + 2048 + offset, size_bytes};
  }

  uint16_t Add(std::vector<Buffer> readable, std::vector<Buffer> writable) {
    const auto head = queue.Add(readable, writable);
    CHECK(head.has_value());
    queue.CheckInvariants();
    return *head;
  }
};

TEST_F(SplitQueueTest, MemoryIsJudged) {
  struct Row {
    const char* name;
    uint16_t descriptors;
    size_t offset;
    size_t size_bytes;
    Error error;
  };
  for (const Row& row : {
           Row{"none", 0, 0, 4096, Error::kInvalidArgument},
           Row{"no power of two", 6, 0, 4096, Error::kInvalidArgument},
           Row{"more than there is a place for", 128, 0, 4096, Error::kInvalidArgument},
           Row{"not aligned", 8, 8, 2048, Error::kNotAligned},
           Row{"a byte short", 8, 0, SplitQueue::BytesFor(8) - 1, Error::kOutOfMemory},
       }) {
    const auto made = SplitQueue::Make(memory.Part(row.offset, row.size_bytes), row.descriptors);
    ASSERT_FALSE(made.has_value()) << row.name;
    EXPECT_EQ(made.error(), row.error) << row.name;
  }
  for (uint16_t count = 1; count <= SplitQueue::kMaxDescriptors; count *= 2) {
    const auto made = SplitQueue::Make(memory.Part(0, SplitQueue::BytesFor(count)), count);
    ASSERT_TRUE(made.has_value()) << count;
    made->CheckInvariants();
    EXPECT_EQ(made->addresses().descriptors % 16, 0u);
    EXPECT_EQ(made->addresses().available % 2, 0u);
    EXPECT_EQ(made->addresses().used % 4, 0u);
  }
}

TEST_F(SplitQueueTest, AChainGoesThereAndBack) {
  std::ranges::fill(device.Bytes(kDeviceAddress + 2048, 16), std::byte{7});
  const uint16_t head = Add({Data(0, 16)}, {Data(16, 512), Data(528, 1)});
  EXPECT_EQ(queue.free_count(), kCount - 3);
  const auto chain = device.Next();
  ASSERT_TRUE(chain.has_value());
  EXPECT_EQ(chain->head, head);
  ASSERT_EQ(chain->pieces.size(), 3u);
  EXPECT_FALSE(chain->pieces[0].writable);
  EXPECT_EQ(chain->pieces[0].bytes[15], std::byte{7});
  EXPECT_TRUE(chain->pieces[1].writable);
  EXPECT_EQ(chain->pieces[1].bytes.size(), 512u);
  EXPECT_TRUE(chain->pieces[2].writable);
  EXPECT_FALSE(device.Next().has_value());

  EXPECT_FALSE(queue.Take()->has_value());
  device.Return(head, 513);
  const auto used = *queue.Take();
  ASSERT_TRUE(used.has_value());
  EXPECT_EQ(used->head, head);
  EXPECT_EQ(used->written_bytes, 513u);
  EXPECT_EQ(queue.free_count(), kCount);
  EXPECT_FALSE(queue.Take()->has_value());
  queue.CheckInvariants();
}

TEST_F(SplitQueueTest, WhatDoesNotFitIsRefused) {
  const std::vector<Buffer> none;
  const std::vector<Buffer> empty = {Data(0, 0)};
  const std::vector<Buffer> huge = {Data(0, 0xFFFF'FFFF), Data(0, 1)};
  const std::vector<Buffer> many(kCount + 1, Data(0, 1));
  EXPECT_EQ(queue.Add(none, none).error(), Error::kInvalidArgument);
  EXPECT_EQ(queue.Add(empty, none).error(), Error::kInvalidArgument);
  EXPECT_EQ(queue.Add(none, empty).error(), Error::kInvalidArgument);
  EXPECT_EQ(queue.Add(none, huge).error(), Error::kInvalidArgument);
  EXPECT_EQ(queue.Add(many, none).error(), Error::kOutOfMemory);
  queue.CheckInvariants();
  Add(std::vector<Buffer>(kCount, Data(0, 1)), {});
  EXPECT_EQ(queue.Add(std::vector<Buffer>{Data(0, 1)}, none).error(), Error::kOutOfMemory);
  queue.CheckInvariants();
}

// Every way to lie about what came back. Two chains are out: one of 8 writable bytes, one of none.
TEST_F(SplitQueueTest, LiesBreakTheQueue) {
  struct Row {
    const char* name;
    void (*lie)(DeviceQueue&, uint16_t writable, uint16_t readable);
  };
  for (const Row& row : {
           Row{"more than were offered",
               [](DeviceQueue& device, uint16_t, uint16_t) { device.SetUsedIndex(3); }},
           Row{"an index that went back",
               [](DeviceQueue& device, uint16_t, uint16_t) { device.SetUsedIndex(0xFFFF); }},
           Row{"an identifier behind the table",
               [](DeviceQueue& device, uint16_t, uint16_t) { device.Return(kCount, 0); }},
           Row{"an identifier of more than 16 bits",
               [](DeviceQueue& device, uint16_t writable, uint16_t) {
                 device.Return(0x1'0000U + writable, 0);
               }},
           Row{"a free descriptor",
               [](DeviceQueue& device, uint16_t, uint16_t) { device.Return(kCount - 1, 0); }},
           Row{"the middle of a chain", [](DeviceQueue& device, uint16_t writable,
                                           uint16_t) { device.Return(writable + 1U, 0); }},
           Row{"one byte too many", [](DeviceQueue& device, uint16_t writable,
                                       uint16_t) { device.Return(writable, 9); }},
           Row{"bytes written where it may only read",
               [](DeviceQueue& device, uint16_t, uint16_t readable) {
                 device.Return(readable, 1);
               }},
       }) {
    storage.fill(std::byte{0});
    queue = *SplitQueue::Make(memory, kCount);
    device = DeviceQueue(memory, queue.addresses(), kCount);
    const uint16_t writable = Add({Data(0, 4)}, {Data(8, 8)});
    const uint16_t readable = Add({Data(4, 4)}, {});
    row.lie(device, writable, readable);
    const auto taken = queue.Take();
    ASSERT_FALSE(taken.has_value()) << row.name;
    EXPECT_EQ(taken.error(), Error::kCorrupt) << row.name;
    queue.CheckInvariants();
    EXPECT_TRUE(queue.broken()) << row.name;
    EXPECT_EQ(queue.Take().error(), Error::kCorrupt) << row.name;
    EXPECT_EQ(queue.Add(std::vector<Buffer>{Data(0, 1)}, {}).error(), Error::kCorrupt) << row.name;
  }
}

TEST_F(SplitQueueTest, AChainComesBackOnce) {
  const uint16_t head = Add({}, {Data(0, 8)});
  Add({}, {Data(8, 8)});
  device.Return(head, 8);
  ASSERT_TRUE(queue.Take().has_value());
  device.Return(head, 8);
  EXPECT_EQ(queue.Take().error(), Error::kCorrupt);
}

// What a device writes over the driver's part of the queue changes nothing of what the driver
// knows.
TEST_F(SplitQueueTest, ScribblingIsOfNoUse) {
  const uint16_t first = Add({Data(0, 4)}, {Data(8, 8)});
  const uint16_t second = Add({}, {Data(16, 8)});
  for (const unsigned value : {0x00U, 0xFFU, 0x01U}) {
    device.Scribble(std::byte(value));
    queue.CheckInvariants();
  }
  device.Return(second, 8);
  device.Return(first, 8);
  EXPECT_EQ((*queue.Take())->head, second);
  EXPECT_EQ((*queue.Take())->head, first);
  queue.CheckInvariants();
  EXPECT_EQ(queue.free_count(), kCount);
}

// Chains of all lengths in any order, through the wraps of both indices.
TEST_F(SplitQueueTest, ManyChainsInAnyOrder) {
  std::mt19937 random(1);
  std::vector<DeviceQueue::Chain> with_device;
  uint64_t finished = 0;
  while (finished < 70'000) {
    const size_t readable = random() % 3;
    const size_t writable = random() % 3 + (readable == 0 ? 1 : 0);
    const auto added = queue.Add(std::vector<Buffer>(readable, Data(0, 4)),
                                 std::vector<Buffer>(writable, Data(4, 4)));
    if (added.has_value()) {
      with_device.push_back(*device.Next());
      ASSERT_EQ(with_device.back().head, *added);
      ASSERT_EQ(with_device.back().pieces.size(), readable + writable);
    } else {
      ASSERT_GT(readable + writable, queue.free_count());
    }
    if (!with_device.empty() && random() % 2 == 0) {
      std::swap(with_device[random() % with_device.size()], with_device.back());
      device.Return(with_device.back().head, 0);
      ASSERT_EQ((*queue.Take())->head, with_device.back().head);
      with_device.pop_back();
      ++finished;
    }
    queue.CheckInvariants();
  }
}

}  // namespace
}  // namespace drivers::virtio
