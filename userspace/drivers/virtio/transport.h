// What a virtio device offers whichever bus it is on, and how every driver starts one. Virtio 1.2,
// sections 2 and 3.1.
#pragma once

#include <concepts>
#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/virtio/split_queue.h"

namespace drivers::virtio {

// Section 5: device types that have a driver here.
inline constexpr uint32_t kBlockDevice = 2;
inline constexpr uint32_t kEntropyDevice = 4;

// 2.1: device status.
inline constexpr uint8_t kStatusAcknowledge = 1;
inline constexpr uint8_t kStatusDriver = 2;
inline constexpr uint8_t kStatusDriverOk = 4;
inline constexpr uint8_t kStatusFeaturesOk = 8;
inline constexpr uint8_t kStatusNeedsReset = 64;
inline constexpr uint8_t kStatusFailed = 128;

// 2.1.2: writing it resets the device, and it reads so when that is done.
inline constexpr uint8_t kStatusReset = 0;

// 6: feature bits of every device.
inline constexpr uint64_t kFeatureVersion1 = uint64_t{1} << 32;

// What an interrupt was for (4.1.4.5, 4.2.2: the same bits).
inline constexpr uint32_t kInterruptQueue = 1;
inline constexpr uint32_t kInterruptConfiguration = 2;

template <class T>
concept Transport = requires(T& transport, const T& c, uint16_t queue, uint8_t status,
                             uint64_t features, const QueueAddresses& addresses, uint32_t offset) {
  { c.device_type() } -> std::same_as<uint32_t>;
  { c.ReadStatus() } -> std::same_as<uint8_t>;
  c.WriteStatus(status);
  { c.ReadFeatures() } -> std::same_as<uint64_t>;
  c.WriteFeatures(features);
  // How many descriptors that queue can have at most; 0: there is no such queue.
  { c.MaxDescriptors(queue) } -> std::same_as<uint32_t>;
  // kCorrupt: what the device says of it cannot be.
  { transport.EnableQueue(queue, queue, addresses) } -> std::same_as<base::Result<>>;
  c.Notify(queue);
  // What the device interrupted for, which it then forgets.
  { c.TakeInterrupts() } -> std::same_as<uint32_t>;
  // Of the device's own configuration (2.5). The offsets are below config_bytes().
  { c.config_bytes() } -> std::same_as<uint32_t>;
  { c.ReadConfig(offset) } -> std::same_as<uint32_t>;
  { c.ReadConfigGeneration() } -> std::same_as<uint32_t>;
};

// How often a device is asked before it is given up: it may take its time, but not for ever.
inline constexpr int kPatience = 100'000;

// Stops the device: no queue of it is used any more. kUnsupported: it does not answer.
base::Result<> Reset(const Transport auto& transport) {
  transport.WriteStatus(kStatusReset);
  for (int i = 0; i < kPatience; ++i) {
    if (transport.ReadStatus() == kStatusReset) return {};
  }
  return std::unexpected(base::Error::kUnsupported);
}

void GiveUp(const Transport auto& transport) {
  transport.WriteStatus(static_cast<uint8_t>(transport.ReadStatus() | kStatusFailed));
}

// 3.1.1, steps 1 to 6: resets the device and agrees on those of `wanted` features that it has,
// which are returned. kUnsupported: it is older than virtio 1.0, or does not accept them.
base::Result<uint64_t> Negotiate(const Transport auto& transport, uint64_t wanted) {
  TRY(Reset(transport));
  transport.WriteStatus(kStatusAcknowledge);
  transport.WriteStatus(kStatusAcknowledge | kStatusDriver);
  const uint64_t offered = transport.ReadFeatures();
  if ((offered & kFeatureVersion1) == 0) {
    GiveUp(transport);
    return std::unexpected(base::Error::kUnsupported);
  }
  const uint64_t agreed = offered & (wanted | kFeatureVersion1);
  transport.WriteFeatures(agreed);
  transport.WriteStatus(kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk);
  if ((transport.ReadStatus() & kStatusFeaturesOk) == 0) {
    GiveUp(transport);
    return std::unexpected(base::Error::kUnsupported);
  }
  return agreed;
}

// Step 7 for one queue, of at most `most` descriptors, in zeroed memory. kNotFound: the device has
// no such queue; kInvalidArgument: its size cannot be; else as SplitQueue::Make() and
// EnableQueue().
base::Result<SplitQueue> StartQueue(Transport auto& transport, uint16_t index, uint16_t most,
                                    const DmaMemory& memory) {
  const uint32_t offered = transport.MaxDescriptors(index);
  if (offered == 0) return std::unexpected(base::Error::kNotFound);
  const auto descriptors = static_cast<uint16_t>(offered < most ? offered : most);
  SplitQueue queue = TRY(SplitQueue::Make(memory, descriptors));
  TRY(transport.EnableQueue(index, descriptors, queue.addresses()));
  return queue;
}

// Step 8: from now on the device works.
void StartDevice(const Transport auto& transport) {
  transport.WriteStatus(kStatusAcknowledge | kStatusDriver | kStatusFeaturesOk | kStatusDriverOk);
}

// A field of 64 bits changes in two halves: both belong together if the generation before and after
// is the same (2.5.1). kCorrupt: it never stays, or the field is not there.
base::Result<uint64_t> ReadConfig64(const Transport auto& transport, uint32_t offset) {
  constexpr int kTries = 16;
  if (transport.config_bytes() < offset + sizeof(uint64_t)) {
    return std::unexpected(base::Error::kCorrupt);
  }
  for (int i = 0; i < kTries; ++i) {
    const uint32_t before = transport.ReadConfigGeneration();
    const uint64_t low = transport.ReadConfig(offset);
    const uint64_t high = transport.ReadConfig(offset + sizeof(uint32_t));
    if (transport.ReadConfigGeneration() == before) return high << 32 | low;
  }
  return std::unexpected(base::Error::kCorrupt);
}

}  // namespace drivers::virtio
