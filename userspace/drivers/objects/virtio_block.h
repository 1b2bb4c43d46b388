// What a driver of virtio block devices does, for driver objects.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/objects/device_registers.h"
#include "userspace/drivers/virtio/block_device.h"

namespace drivers::block {

using base::Error;
using base::Result;

using MmioBlockDevice = virtio::BlockDevice<VirtioMmio>;
using PciBlockDevice = virtio::BlockDevice<VirtioPci>;
using State = EitherDriver<MmioBlockDevice, PciBlockDevice>;

inline Result<> TakeAll(State& state) {
  return state.Do([&](auto& block) -> Result<> {
    if (!block.TakeInterrupt()) return {};
    while (true) {
      const auto finished = TRY(block.Take());
      if (!finished.has_value()) return {};
      state.services->finished(state.services->host, finished->token, StatusOf(finished->result));
    }
  });
}

inline Status HandleInterrupt(void* memory) {
  return StatusOf(TakeAll(*static_cast<State*>(memory)));
}

inline Result<virtio::BlockRequest> Translate(const DriverRequest& request) {
  if (request.offset % virtio::kSectorBytes != 0) return std::unexpected(Error::kInvalidArgument);
  virtio::BlockRequest translated = {.function = virtio::BlockFunction::kRead,
                                     .first_sector = request.offset / virtio::kSectorBytes,
                                     .data = {request.device_address, request.size_bytes},
                                     .token = request.token};
  switch (request.function) {
    case RequestFunction::kRead:
      return translated;
    case RequestFunction::kWrite:
      translated.function = virtio::BlockFunction::kWrite;
      return translated;
    case RequestFunction::kFlush:
      translated.function = virtio::BlockFunction::kFlush;
      return translated;
    default:
      return std::unexpected(Error::kUnsupported);
  }
}

inline Result<> Submit(State& state, const DriverRequest& request) {
  const virtio::BlockRequest translated = TRY(Translate(request));
  return state.Do([&](auto& block) { return block.Submit(translated); });
}

inline Status Request(void* memory, DriverRequest* request) {
  auto& state = *static_cast<State*>(memory);
  if (request->function != RequestFunction::kDescribeDisk) {
    return StatusOf(Submit(state, *request));
  }
  state.Do([&](auto& block) {
    request->result = block.sector_count() * virtio::kSectorBytes;
    request->flags = block.is_read_only() ? kDiskReadOnly : 0;
  });
  return kOk;
}

inline void Remove(void* memory) {
  auto& state = *static_cast<State*>(memory);
  if (!state.holds()) return;
  state.Do([&](auto& block) {
    block.Reset([&](uint64_t token) {
      state.services->finished(state.services->host, token, StatusOf(Error::kNotFound));
    });
  });
}

}  // namespace drivers::block
