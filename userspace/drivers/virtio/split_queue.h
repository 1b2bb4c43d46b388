// The driver's side of a split virtqueue. Virtio 1.2, section 2.7.
//
// The device may lie and may write anywhere in the queue's memory, so nothing is ever read back
// that this side wrote: which descriptors are free and what each chain may take are kept here. Of
// the device only the used ring is read, each field once. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "userspace/drivers/dma_memory.h"

namespace drivers::virtio {

struct Buffer {
  uint64_t device_address = 0;
  uint32_t size_bytes = 0;
};

// Where the device finds the three parts.
struct QueueAddresses {
  uint64_t descriptors = 0;
  uint64_t available = 0;
  uint64_t used = 0;
};

// What the device has finished with: the chain's head, and how much it says that it wrote.
struct UsedChain {
  uint16_t head = 0;
  uint32_t written_bytes = 0;
};

class SplitQueue {
 public:
  static constexpr uint16_t kMaxDescriptors = 64;
  static constexpr size_t kAlignment = 16;  // table in 2.7: of the descriptors, the most demanding

  // What a queue of so many descriptors takes.
  static constexpr size_t BytesFor(uint16_t descriptors) {
    return UsedOffset(descriptors) + kRingHead + descriptors * kUsedEntry;
  }

  // Takes zeroed memory into use. kInvalidArgument: `descriptors` is no power of two (2.7), or more
  // than kMaxDescriptors; kNotAligned; kOutOfMemory: less than BytesFor().
  static base::Result<SplitQueue> Make(const DmaMemory& memory, uint16_t descriptors);

  SplitQueue() = default;

  uint16_t descriptor_count() const { return count_; }
  uint16_t free_count() const { return free_count_; }
  QueueAddresses addresses() const;

  // Offers a chain to the device: what it reads, then what it writes (2.7.4.2). Returns the head.
  // kInvalidArgument: none at all, or an empty one; kOutOfMemory: not that many are free; kCorrupt:
  // the device has broken the queue.
  base::Result<uint16_t> Add(std::span<const Buffer> readable, std::span<const Buffer> writable);

  // The next chain that came back; nothing if there is none. kCorrupt: the device returns more than
  // it was given, what it was not given, or has written more than the chain takes. From then on the
  // queue is broken, and only a reset of the device makes the memory the driver's again.
  base::Result<std::optional<UsedChain>> Take();

  bool broken() const { return broken_; }

  // Free and offered descriptors are all of them, each once.
  void CheckInvariants() const;

 private:
  static constexpr size_t kDescriptor = 16;  // 2.7.5
  static constexpr size_t kRingHead = 4;     // 2.7.6, 2.7.8: flags and idx
  static constexpr size_t kAvailableEntry = 2;
  static constexpr size_t kUsedEntry = 8;
  static constexpr uint16_t kNone = 0xFFFF;

  struct Slot {
    uint16_t next = kNone;        // in the chain, or among the free ones
    uint16_t chain_length = 0;    // of a head that the device has, else 0
    uint32_t writable_bytes = 0;  // of the chain
  };

  static constexpr size_t AvailableOffset(uint16_t descriptors) {
    return descriptors * kDescriptor;
  }
  static constexpr size_t UsedOffset(uint16_t descriptors) {
    const size_t last = AvailableOffset(descriptors) + kRingHead + descriptors * kAvailableEntry;
    return (last + 3) / 4 * 4;
  }

  template <class Value>
  void Store(size_t offset, Value value);
  template <class Value>
  Value Load(size_t offset) const;
  template <class Value>
  volatile Value* At(size_t offset) const;

  void WriteDescriptor(uint16_t index, const Buffer& buffer, uint16_t flags, uint16_t next);
  void Release(uint16_t head);
  std::unexpected<base::Error> Break();

  DmaMemory memory_;
  std::array<Slot, kMaxDescriptors> slots_{};
  uint16_t count_ = 0;
  uint16_t free_count_ = 0;
  uint16_t first_free_ = kNone;
  uint16_t available_index_ = 0;  // as published: counts chains, and wraps
  uint16_t used_index_ = 0;       // how many of the used ones were taken
  uint16_t offered_ = 0;          // chains that the device has
  bool broken_ = false;
};

}  // namespace drivers::virtio
