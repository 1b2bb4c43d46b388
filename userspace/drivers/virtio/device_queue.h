// The device's side of a split virtqueue, for tests: what it is given, and what it gives back, also
// when that is a lie. Virtio 1.2, section 2.7.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "kernel/base/check.h"
#include "userspace/drivers/dma_memory.h"
#include "userspace/drivers/virtio/split_queue.h"

namespace drivers::virtio {

class DeviceQueue {
 public:
  struct Piece {
    std::span<std::byte> bytes;
    bool writable = false;
  };
  struct Chain {
    uint16_t head = 0;
    std::vector<Piece> pieces;
  };

  DeviceQueue() = default;
  // `memory`: all that the device can reach.
  DeviceQueue(const DmaMemory& memory, const QueueAddresses& addresses, uint16_t descriptors)
      : memory_(memory), addresses_(addresses), count_(descriptors) {}

  // The next chain that the driver offers.
  std::optional<Chain> Next() {
    if (Load<uint16_t>(addresses_.available + 2) == next_) return std::nullopt;
    Chain chain;
    chain.head = Load<uint16_t>(addresses_.available + 4 + 2 * (next_++ % count_));
    uint16_t index = chain.head;
    uint16_t flags = 0;
    do {
      CHECK(index < count_ && chain.pieces.size() < count_);
      const uint64_t at = addresses_.descriptors + 16 * index;
      flags = Load<uint16_t>(at + 12);
      chain.pieces.push_back({Bytes(Load<uint64_t>(at), Load<uint32_t>(at + 8)), (flags & 2) != 0});
      index = Load<uint16_t>(at + 14);
    } while ((flags & 1) != 0);
    return chain;
  }

  // Gives a chain back, or says so of whatever it is told.
  void Return(uint32_t id, uint32_t written_bytes) {
    const uint64_t entry = addresses_.used + 4 + 8 * (used_ % count_);
    Store<uint32_t>(entry, id);
    Store<uint32_t>(entry + 4, written_bytes);
    SetUsedIndex(static_cast<uint16_t>(used_ + 1));
  }

  void SetUsedIndex(uint16_t index) {
    used_ = index;
    Store<uint16_t>(addresses_.used + 2, used_);
  }

  // Overwrites all that the driver has written into the queue.
  void Scribble(std::byte value) {
    std::ranges::fill(Bytes(addresses_.descriptors, 16 * count_), value);
    std::ranges::fill(Bytes(addresses_.available, 4 + 2 * count_), value);
  }

  std::span<std::byte> Bytes(uint64_t device_address, size_t size_bytes) const {
    CHECK(device_address >= memory_.device_address);
    return memory_.bytes.subspan(device_address - memory_.device_address, size_bytes);
  }

 private:
  template <class Value>
  Value Load(uint64_t device_address) const {
    Value value;
    std::memcpy(&value, Bytes(device_address, sizeof(Value)).data(), sizeof(Value));
    return value;
  }

  template <class Value>
  void Store(uint64_t device_address, Value value) {
    std::memcpy(Bytes(device_address, sizeof(Value)).data(), &value, sizeof(Value));
  }

  DmaMemory memory_;
  QueueAddresses addresses_;
  uint16_t count_ = 0;
  uint16_t next_ = 0;
  uint16_t used_ = 0;
};

}  // namespace drivers::virtio
