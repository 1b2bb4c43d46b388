// The virtio entropy driver. Virtio 1.2, section 5.4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/dma_memory.h"
#include "userspace/drivers/virtio/split_queue.h"
#include "userspace/drivers/virtio/transport.h"

namespace drivers::virtio {

// One buffer at a time: Request(), and Take() after the interrupt. One thread at a time.
template <Transport T>
class EntropyDevice {
 public:
  static constexpr uint32_t kBytes = 64;  // of a request
  static constexpr uint16_t kDescriptors = 2;
  static constexpr size_t kMemoryBytes = 128 + kBytes;
  static_assert(SplitQueue::BytesFor(kDescriptors) <= kMemoryBytes - kBytes);

  // kNotFound: another device; else as Negotiate() and StartQueue().
  static base::Result<EntropyDevice> Start(T transport, const DmaMemory& memory) {
    if (transport.device_type() != kEntropyDevice) return std::unexpected(base::Error::kNotFound);
    if (memory.bytes.size() < kMemoryBytes) return std::unexpected(base::Error::kOutOfMemory);
    EntropyDevice device(std::move(transport), memory);
    const auto started = device.Initialize();
    if (!started.has_value()) {
      GiveUp(device.transport_);
      return std::unexpected(started.error());
    }
    return device;
  }

  // Asks for bytes. kAlreadyExists: it has been asked; kCorrupt: the device is broken.
  base::Result<> Request() {
    if (waiting_) return std::unexpected(base::Error::kAlreadyExists);
    const std::array buffers = {Buffer{data_.device_address, kBytes}};
    TRY(queue_.Add({}, buffers));
    waiting_ = true;
    transport_.Notify(kQueue);
    return {};
  }

  bool TakeInterrupt() { return transport_.TakeInterrupts() != 0; }

  // Copies what came to the beginning of `bytes` and returns how much that is: 0 if nothing did.
  // The device may give less than it was asked for (5.4.6.1). kCorrupt: the device is broken.
  base::Result<uint32_t> Take(std::span<std::byte, kBytes> bytes) {
    const std::optional<UsedChain> used = TRY(queue_.Take());
    if (!used.has_value()) return 0U;
    waiting_ = false;
    std::memcpy(bytes.data(), data_.bytes.data(), used->written_bytes);
    return used->written_bytes;
  }

  bool broken() const { return queue_.broken(); }
  void Reset() { (void)virtio::Reset(transport_); }
  void CheckInvariants() const { queue_.CheckInvariants(); }

 private:
  static constexpr uint16_t kQueue = 0;

  EntropyDevice(T transport, const DmaMemory& memory)
      : transport_(std::move(transport)),
        memory_(memory),
        data_(memory.Part(kMemoryBytes - kBytes, kBytes)) {}

  base::Result<> Initialize() {
    TRY(Negotiate(transport_, 0));
    queue_ = TRY(StartQueue(transport_, kQueue, kDescriptors, memory_));
    StartDevice(transport_);
    return {};
  }

  T transport_;
  DmaMemory memory_;
  DmaMemory data_;
  SplitQueue queue_;
  bool waiting_ = false;
};

}  // namespace drivers::virtio
