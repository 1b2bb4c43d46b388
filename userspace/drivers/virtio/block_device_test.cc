#include "userspace/drivers/virtio/block_device.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "userspace/drivers/virtio/fake_virtio.h"

namespace drivers::virtio {
namespace {

using base::Error;

constexpr uint64_t kDeviceAddress = 0x4000'0000;
constexpr uint64_t kSectors = 64;
constexpr uint64_t kReadOnly = uint64_t{1} << 5;
constexpr uint64_t kFlush = uint64_t{1} << 9;

template <class Front>
struct BlockDeviceTest : testing::Test {
  using Device = BlockDevice<typename Front::Driver>;
  static constexpr size_t kData = 8192;  // where tests have theirs

  BlockDeviceTest() {
    device.memory = {storage, kDeviceAddress};
    device.type = kBlockDevice;
    device.features |= kFlush;
    device.SetConfig64(0, kSectors);
  }

  base::Result<Device> TryStart() {
    return Device::Start(*front.Connect(), device.memory.Part(0, Device::kMemoryBytes));
  }

  Device Start() {
    auto started = TryStart();
    CHECK(started.has_value());
    started->CheckInvariants();
    return *started;
  }

  BlockRequest Request(BlockFunction function, uint64_t sector, uint32_t size_bytes,
                       uint64_t token) const {
    return {.function = function,
            .first_sector = sector,
            .data = {kDeviceAddress + kData, size_bytes},
            .token = token};
  }

  // What the device does with the next request, as 5.2.6 says.
  void Serve(uint8_t status = 0) {
    const auto chain = device.queue.Next();
    CHECK(chain.has_value() && chain->pieces.size() >= 2);
    uint32_t type = 0;
    uint64_t sector = 0;
    CHECK(chain->pieces[0].bytes.size() == 16 && !chain->pieces[0].writable);
    std::memcpy(&type, chain->pieces[0].bytes.data(), sizeof(type));
    std::memcpy(&sector, chain->pieces[0].bytes.data() + 8, sizeof(sector));
    uint32_t written = 1;
    if (chain->pieces.size() == 3) {
      const auto data = chain->pieces[1];
      const std::span<std::byte> on_disk =
          std::span(disk).subspan(sector * kSectorBytes, data.bytes.size());
      CHECK(data.writable == (type == 0));
      std::ranges::copy(type == 0 ? on_disk : data.bytes,
                        type == 0 ? data.bytes.begin() : on_disk.begin());
      if (type == 0) written += static_cast<uint32_t>(data.bytes.size());
    } else {
      CHECK(type == 4);
    }
    CHECK(chain->pieces.back().bytes.size() == 1 && chain->pieces.back().writable);
    chain->pieces.back().bytes[0] = std::byte{status};
    device.queue.Return(chain->head, written);
    device.interrupts = 1;
  }

  alignas(16) std::array<std::byte, 65536> storage{};
  std::vector<std::byte> disk = std::vector<std::byte>(kSectors * kSectorBytes);
  FakeVirtio device;
  Front front{device};
};

using Fronts = testing::Types<FakeMmioFront, FakePciFront>;
TYPED_TEST_SUITE(BlockDeviceTest, Fronts);

TYPED_TEST(BlockDeviceTest, WritesAndReadsSectors) {
  auto block = this->Start();
  EXPECT_EQ(block.sector_count(), kSectors);
  EXPECT_FALSE(block.is_read_only());
  EXPECT_FALSE(block.TakeInterrupt());
  const std::span<std::byte> data = std::span(this->storage).subspan(this->kData, 1024);
  std::ranges::fill(data, std::byte{0x5A});
  ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kWrite, 62, 1024, 7)).has_value());
  EXPECT_EQ(this->device.notifications, 1);
  EXPECT_FALSE(block.Take()->has_value());
  this->Serve();
  EXPECT_TRUE(block.TakeInterrupt());
  auto finished = *block.Take();
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(finished->token, 7u);
  EXPECT_TRUE(finished->result.has_value());
  EXPECT_EQ(this->disk[62 * kSectorBytes], std::byte{0x5A});
  EXPECT_EQ(this->disk[62 * kSectorBytes - 1], std::byte{0});

  std::ranges::fill(data, std::byte{0});
  ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kRead, 63, 512, 8)).has_value());
  this->Serve();
  finished = *block.Take();
  EXPECT_EQ(finished->token, 8u);
  EXPECT_TRUE(finished->result.has_value());
  EXPECT_EQ(data[511], std::byte{0x5A});
  EXPECT_EQ(data[512], std::byte{0});

  ASSERT_TRUE(
      block.Submit({.function = BlockFunction::kFlush, .data = {}, .token = 9}).has_value());
  this->Serve();
  EXPECT_EQ((*block.Take())->token, 9u);
  block.CheckInvariants();
}

TYPED_TEST(BlockDeviceTest, RequestsAreJudged) {
  struct Row {
    const char* name;
    BlockFunction function;
    uint64_t sector;
    uint32_t size_bytes;
    uint64_t features;
    std::optional<Error> error;
  };
  const Row rows[] = {
      {"the last sector", BlockFunction::kRead, 63, 512, 0, std::nullopt},
      {"behind it", BlockFunction::kRead, 64, 512, 0, Error::kOutOfRange},
      {"across the end", BlockFunction::kWrite, 63, 1024, 0, Error::kOutOfRange},
      {"a sector that wraps", BlockFunction::kRead, UINT64_MAX, 1024, 0, Error::kOutOfRange},
      {"a byte that wraps", BlockFunction::kRead, UINT64_MAX / 512 + 1, 512, 0, Error::kOutOfRange},
      {"nothing", BlockFunction::kRead, 0, 0, 0, Error::kInvalidArgument},
      {"half a sector", BlockFunction::kWrite, 0, 256, 0, Error::kInvalidArgument},
      {"one and a half", BlockFunction::kWrite, 0, 768, 0, Error::kInvalidArgument},
      {"a write to what is read only", BlockFunction::kWrite, 0, 512, kReadOnly,
       Error::kNotPermitted},
      {"a read of it", BlockFunction::kRead, 0, 512, kReadOnly, std::nullopt},
      {"a flush of what needs none", BlockFunction::kFlush, 0, 0, 0, Error::kUnsupported},
      {"a flush", BlockFunction::kFlush, 0, 0, kFlush, std::nullopt},
  };
  for (const Row& row : rows) {
    this->storage.fill(std::byte{0});
    this->device.features = kFeatureVersion1 | row.features;
    auto block = this->Start();
    const auto submitted = block.Submit(this->Request(row.function, row.sector, row.size_bytes, 1));
    EXPECT_EQ(submitted.has_value(), !row.error.has_value()) << row.name;
    if (!submitted.has_value()) {
      EXPECT_EQ(submitted.error(), row.error) << row.name;
      EXPECT_FALSE(this->device.queue.Next().has_value()) << row.name;
    }
    block.CheckInvariants();
  }
}

TYPED_TEST(BlockDeviceTest, AsManyRequestsAsTheQueueHolds) {
  auto block = this->Start();
  for (uint64_t token = 0; token < 2; ++token) {  // 8 descriptors, 3 each
    ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kRead, token, 512, token)).has_value());
  }
  EXPECT_EQ(block.Submit(this->Request(BlockFunction::kRead, 5, 512, 5)).error(),
            Error::kOutOfMemory);
  this->Serve();
  EXPECT_EQ((*block.Take())->token, 0u);
  EXPECT_TRUE(block.Submit(this->Request(BlockFunction::kRead, 5, 512, 5)).has_value());
  block.CheckInvariants();
}

TYPED_TEST(BlockDeviceTest, ErrorsOfTheDisk) {
  auto block = this->Start();
  for (const unsigned status : {1U, 2U, 3U, 0xFFU}) {
    ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kRead, 0, 512, status)).has_value());
    this->Serve(static_cast<uint8_t>(status));
    const auto finished = *block.Take();
    EXPECT_EQ(finished->token, status);
    EXPECT_EQ(finished->result.error(), Error::kCorrupt);
  }
  EXPECT_FALSE(block.broken());
}

// A status of success is none where the bytes that it is about were not written.
TYPED_TEST(BlockDeviceTest, AShortReadIsAnError) {
  auto block = this->Start();
  ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kRead, 0, 512, 1)).has_value());
  const auto chain = this->device.queue.Next();
  chain->pieces.back().bytes[0] = std::byte{0};
  this->device.queue.Return(chain->head, 512);
  EXPECT_EQ((*block.Take())->result.error(), Error::kCorrupt);
}

TYPED_TEST(BlockDeviceTest, LiesBreakItAndAResetMakesItWhole) {
  auto block = this->Start();
  ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kRead, 0, 512, 11)).has_value());
  ASSERT_TRUE(block.Submit(this->Request(BlockFunction::kRead, 1, 512, 12)).has_value());
  this->device.queue.Return(this->device.queue.Next()->head, 514);  // more than there was room for
  EXPECT_EQ(block.Take().error(), Error::kCorrupt);
  EXPECT_TRUE(block.broken());
  EXPECT_EQ(block.Submit(this->Request(BlockFunction::kRead, 0, 512, 13)).error(), Error::kCorrupt);
  std::vector<uint64_t> forgotten;
  block.Reset([&](uint64_t token) { forgotten.push_back(token); });
  EXPECT_EQ(forgotten, (std::vector<uint64_t>{11, 12}));
  EXPECT_EQ(this->device.status, 0);
  this->storage.fill(std::byte{0});
  auto again = this->Start();
  ASSERT_TRUE(again.Submit(this->Request(BlockFunction::kRead, 0, 512, 14)).has_value());
  this->Serve();
  EXPECT_EQ((*again.Take())->token, 14u);
}

TYPED_TEST(BlockDeviceTest, DevicesThatCannotBe) {
  struct Row {
    const char* name;
    void (*change)(FakeVirtio&);
    Error error;
  };
  const Row rows[] = {
      {"another device", [](FakeVirtio& device) { device.type = 4; }, Error::kNotFound},
      {"too many sectors", [](FakeVirtio& device) { device.SetConfig64(0, UINT64_MAX / 256); },
       Error::kCorrupt},
      {"no capacity", [](FakeVirtio& device) { device.config.resize(7); }, Error::kCorrupt},
      {"no queue", [](FakeVirtio& device) { device.max_descriptors = 0; }, Error::kNotFound},
      {"a queue for no request", [](FakeVirtio& device) { device.max_descriptors = 2; },
       Error::kCorrupt},
      {"a queue of no power of two", [](FakeVirtio& device) { device.max_descriptors = 7; },
       Error::kInvalidArgument},
      {"never reset", [](FakeVirtio& device) { device.lie = FakeVirtio::Lie::kNeverResets; },
       Error::kUnsupported},
  };
  for (const Row& row : rows) {
    FakeVirtio changed = this->device;
    row.change(changed);
    std::swap(changed, this->device);
    const auto started = this->TryStart();
    ASSERT_FALSE(started.has_value()) << row.name;
    EXPECT_EQ(started.error(), row.error) << row.name;
    EXPECT_EQ(this->device.status & kStatusDriverOk, 0) << row.name;
    std::swap(changed, this->device);
  }
}

}  // namespace
}  // namespace drivers::virtio
