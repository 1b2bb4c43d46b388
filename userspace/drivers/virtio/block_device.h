// The virtio block driver. Virtio 1.2, section 5.2.
//
// Data go straight between the device and the memory that a request names by its device address. A
// request is started, and finished by an interrupt. One thread at a time.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "userspace/drivers/dma_memory.h"
#include "userspace/drivers/virtio/split_queue.h"
#include "userspace/drivers/virtio/transport.h"

namespace drivers::virtio {

// 5.2.4: whatever the device's own block size is.
inline constexpr uint32_t kSectorBytes = 512;

enum class BlockFunction : uint8_t { kRead, kWrite, kFlush };

struct BlockRequest {
  BlockFunction function = BlockFunction::kRead;
  uint64_t first_sector = 0;
  Buffer data;         // whole sectors; nothing for kFlush
  uint64_t token = 0;  // comes back with the result
};

struct BlockCompletion {
  uint64_t token = 0;
  base::Result<> result;  // kCorrupt: the device's error
};

template <Transport T>
class BlockDevice {
 public:
  static constexpr uint16_t kMaxRequests = 16;
  static constexpr uint16_t kDescriptorsPerRequest = 3;

  // What Start() wants, whatever the device: the queue, then a header and a status of each request.
  static constexpr size_t kMemoryBytes =
      (SplitQueue::BytesFor(SplitQueue::kMaxDescriptors) + 15) / 16 * 16 + kMaxRequests * 32;

  // Starts the device. kNotFound: another device; kUnsupported: not modern; kCorrupt: its
  // configuration cannot be; as StartQueue() else. After an error the device is given up.
  static base::Result<BlockDevice> Start(T transport, const DmaMemory& memory) {
    if (transport.device_type() != kBlockDevice) return std::unexpected(base::Error::kNotFound);
    BlockDevice device(std::move(transport), memory);
    const auto started = device.Initialize();
    if (!started.has_value()) {
      GiveUp(device.transport_);
      return std::unexpected(started.error());
    }
    return device;
  }

  uint64_t sector_count() const { return sector_count_; }
  bool is_read_only() const { return (features_ & kFeatureReadOnly) != 0; }
  bool broken() const { return queue_.broken(); }

  // kOutOfRange: sectors that the disk has not; kInvalidArgument: no whole sectors, or nothing;
  // kNotPermitted: a write to a disk that cannot be written; kUnsupported: a flush that the device
  // does not know, which then has nothing to flush; kOutOfMemory: so many are under way; kCorrupt:
  // the device is broken.
  base::Result<> Submit(const BlockRequest& request) {
    TRY(Judge(request));
    const std::optional<uint16_t> slot = FindFreeSlot();
    if (!slot.has_value()) return std::unexpected(base::Error::kOutOfMemory);
    WriteHeader(*slot, request);
    const uint16_t head = TRY(AddChain(*slot, request));
    slots_[*slot] = {
        .token = request.token,
        .head = head,
        .least_written = request.function == BlockFunction::kRead ? request.data.size_bytes + 1 : 1,
        .busy = true};
    transport_.Notify(kQueue);
    return {};
  }

  // Whether the interrupt was this device's; then Take() all that is finished.
  bool TakeInterrupt() { return transport_.TakeInterrupts() != 0; }

  // The next request that is finished; nothing if there is none. kCorrupt: the device is broken,
  // and what is under way never finishes: Reset() it.
  base::Result<std::optional<BlockCompletion>> Take() {
    const std::optional<UsedChain> used = TRY(queue_.Take());
    if (!used.has_value()) return std::nullopt;
    const uint16_t slot = SlotOf(used->head);
    slots_[slot].busy = false;
    BlockCompletion completion{.token = slots_[slot].token, .result = {}};
    // Only the last byte says that all before it were written (5.2.6).
    if (used->written_bytes < slots_[slot].least_written || ReadStatusByte(slot) != kStatusOk) {
      completion.result = std::unexpected(base::Error::kCorrupt);
    }
    return completion;
  }

  // Tells the token of each request under way, which the device has forgotten; it can be started
  // again.
  template <class Function>
  void Reset(Function&& forgotten) {
    // A device that does not answer is not asked again, but may still write: the caller keeps
    // memory.
    (void)virtio::Reset(transport_);
    for (Slot& slot : slots_) {
      if (std::exchange(slot.busy, false)) forgotten(slot.token);
    }
  }

  void CheckInvariants() const {
    queue_.CheckInvariants();
    size_t busy = 0;
    for (const Slot& slot : slots_) busy += slot.busy ? 1 : 0;
    CHECK(busy <= request_limit_);
  }

 private:
  static constexpr uint16_t kQueue = 0;

  // 5.2.3
  static constexpr uint64_t kFeatureReadOnly = uint64_t{1} << 5;
  static constexpr uint64_t kFeatureFlush = uint64_t{1} << 9;

  // 5.2.4: capacity, in sectors.
  static constexpr uint32_t kCapacity = 0;

  // 5.2.6: struct virtio_blk_req begins with le32 type, le32 reserved, le64 sector.
  static constexpr uint32_t kTypeRead = 0;
  static constexpr uint32_t kTypeWrite = 1;
  static constexpr uint32_t kTypeFlush = 4;
  static constexpr uint32_t kHeaderBytes = 16;
  static constexpr uint32_t kStatusBytes = 1;
  static constexpr uint8_t kStatusOk = 0;
  static constexpr uint8_t kStatusUnset = 0xFF;

  static constexpr size_t kSlotBytes = 32;  // header, status, and room to keep headers aligned
  static constexpr size_t kSlots = kMemoryBytes - kMaxRequests * kSlotBytes;

  struct Header {
    uint32_t type;
    uint32_t reserved;
    uint64_t sector;
  };
  static_assert(sizeof(Header) == kHeaderBytes);

  struct Slot {
    uint64_t token = 0;
    uint16_t head = 0;
    uint32_t least_written = 0;
    bool busy = false;
  };

  BlockDevice(T transport, const DmaMemory& memory)
      : transport_(std::move(transport)), memory_(memory) {}

  base::Result<> Initialize() {
    if (memory_.bytes.size() < kMemoryBytes) return std::unexpected(base::Error::kOutOfMemory);
    features_ = TRY(Negotiate(transport_, kFeatureReadOnly | kFeatureFlush));
    sector_count_ = TRY(ReadConfig64(transport_, kCapacity));
    // A disk of more bytes than a number has is none.
    if (sector_count_ > UINT64_MAX / kSectorBytes) return std::unexpected(base::Error::kCorrupt);
    queue_ = TRY(StartQueue(transport_, kQueue, SplitQueue::kMaxDescriptors, memory_));
    const auto fitting = static_cast<uint16_t>(queue_.descriptor_count() / kDescriptorsPerRequest);
    request_limit_ = fitting < kMaxRequests ? fitting : kMaxRequests;
    if (request_limit_ == 0) return std::unexpected(base::Error::kCorrupt);
    StartDevice(transport_);
    return {};
  }

  base::Result<> Judge(const BlockRequest& request) const {
    if (broken()) return std::unexpected(base::Error::kCorrupt);
    if (request.function == BlockFunction::kFlush) {
      if ((features_ & kFeatureFlush) == 0) return std::unexpected(base::Error::kUnsupported);
      return {};
    }
    const uint64_t sectors = request.data.size_bytes / kSectorBytes;
    if (sectors == 0 || request.data.size_bytes % kSectorBytes != 0) {
      return std::unexpected(base::Error::kInvalidArgument);
    }
    if (request.first_sector >= sector_count_ || sectors > sector_count_ - request.first_sector) {
      return std::unexpected(base::Error::kOutOfRange);
    }
    if (request.function == BlockFunction::kWrite && is_read_only()) {
      return std::unexpected(base::Error::kNotPermitted);
    }
    return {};
  }

  std::optional<uint16_t> FindFreeSlot() const {
    for (uint16_t i = 0; i < request_limit_; ++i) {
      if (!slots_[i].busy) return i;
    }
    return std::nullopt;
  }

  // A head that the queue hands out is one that Submit() has seen.
  uint16_t SlotOf(uint16_t head) const {
    for (uint16_t i = 0; i < request_limit_; ++i) {
      if (slots_[i].busy && slots_[i].head == head) return i;
    }
    CHECK(false);
    return 0;
  }

  static uint32_t TypeOf(BlockFunction function) {
    switch (function) {
      case BlockFunction::kRead:
        return kTypeRead;
      case BlockFunction::kWrite:
        return kTypeWrite;
      case BlockFunction::kFlush:
        return kTypeFlush;
    }
    return kTypeFlush;
  }

  DmaMemory SlotMemory(uint16_t slot) const {
    return memory_.Part(kSlots + slot * kSlotBytes, kSlotBytes);
  }

  volatile uint8_t* StatusByte(uint16_t slot) const {
    return reinterpret_cast<volatile uint8_t*>(SlotMemory(slot).bytes.data() + kHeaderBytes);
  }
  uint8_t ReadStatusByte(uint16_t slot) const { return *StatusByte(slot); }

  void WriteHeader(uint16_t slot, const BlockRequest& request) {
    auto* const header = reinterpret_cast<volatile Header*>(SlotMemory(slot).bytes.data());
    const bool is_flush = request.function == BlockFunction::kFlush;
    header->type = TypeOf(request.function);
    header->reserved = 0;
    header->sector = is_flush ? 0 : request.first_sector;
    *StatusByte(slot) = kStatusUnset;
  }

  base::Result<uint16_t> AddChain(uint16_t slot, const BlockRequest& request) {
    const uint64_t base = SlotMemory(slot).device_address;
    const std::array read_by_device = {Buffer{base, kHeaderBytes}, request.data};
    const std::array written_by_device = {request.data, Buffer{base + kHeaderBytes, kStatusBytes}};
    const bool writes = request.function == BlockFunction::kWrite;
    const bool reads = request.function == BlockFunction::kRead;
    return queue_.Add(std::span(read_by_device).first(writes ? 2 : 1),
                      std::span(written_by_device).last(reads ? 2 : 1));
  }

  T transport_;
  DmaMemory memory_;
  SplitQueue queue_;
  std::array<Slot, kMaxRequests> slots_{};
  uint64_t features_ = 0;
  uint64_t sector_count_ = 0;
  uint16_t request_limit_ = 0;
};

}  // namespace drivers::virtio
