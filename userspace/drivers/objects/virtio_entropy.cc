// The driver object of virtio entropy devices.
#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/objects/device_registers.h"
#include "userspace/drivers/virtio/entropy_device.h"

namespace drivers {
namespace {

using base::Result;

using MmioEntropy = virtio::EntropyDevice<VirtioMmio>;
using PciEntropy = virtio::EntropyDevice<VirtioPci>;
using State = EitherDriver<MmioEntropy, PciEntropy>;

Result<> TakeAll(State& state) {
  return state.Do([&](auto& entropy) -> Result<> {
    if (!entropy.TakeInterrupt()) return {};
    std::array<std::byte, MmioEntropy::kBytes> bytes;
    const uint32_t count = TRY(entropy.Take(bytes));
    if (count != 0) state.services->stirred(state.services->host, bytes.data(), count);
    return {};
  });
}

Status HandleInterrupt(void* memory) { return StatusOf(TakeAll(*static_cast<State*>(memory))); }

Status Request(void* memory, DriverRequest* request) {
  if (request->function != RequestFunction::kStir) return StatusOf(base::Error::kUnsupported);
  auto& state = *static_cast<State*>(memory);
  return state.Do([](auto& entropy) { return StatusOf(entropy.Request()); });
}

void Remove(void* memory) {
  auto& state = *static_cast<State*>(memory);
  if (state.holds()) state.Do([](auto& entropy) { entropy.Reset(); });
}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(drivers::State),
    .name = "virtio_entropy",
    .matches = {{drivers::DeviceKind::kVirtioMmio, drivers::virtio::kEntropyDevice},
                {drivers::DeviceKind::kVirtioPci, drivers::virtio::kEntropyDevice}},
    .probe = drivers::Probe<drivers::State, drivers::StartVirtio>,
    .handle_interrupt = drivers::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::Remove,
};
