// The driver object of serial ports.
#include <array>
#include <cstddef>

#include "kernel/base/result.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/objects/device_registers.h"
#include "userspace/drivers/serial_16550.h"
#include "userspace/drivers/serial_pl011.h"

namespace drivers {
namespace {

using base::Result;

using PortSerial = Serial16550<PortBlock>;
using MmioSerial = SerialPl011<MmioBlock>;
using State = EitherDriver<PortSerial, MmioSerial>;

// More than any FIFO holds: all of one is taken at once.
constexpr size_t kRoom = 64;

Result<> Start(State& state, const DeviceDescription& device) {
  if (device.kind == DeviceKind::kSerial16550) {
    state.Hold(TRY(PortSerial::Make(PortsOf(device.windows[0]))));
  } else {
    state.Hold(TRY(MmioSerial::Make(TRY(MapWindow(*state.services, device.windows[0])))));
  }
  state.Do([](auto& port) { port.EnableReceiveInterrupt(); });
  return {};
}

Status HandleInterrupt(void* memory) {
  auto& state = *static_cast<State*>(memory);
  std::array<char, kRoom> characters;
  const size_t count = state.Do([&](auto& port) { return port.Receive(characters); });
  if (count != 0) state.services->received(state.services->host, characters.data(), count);
  return kOk;
}

Status Request(void*, DriverRequest*) { return StatusOf(base::Error::kUnsupported); }

void Remove(void* memory) {
  auto& state = *static_cast<State*>(memory);
  if (state.holds()) state.Do([](auto& port) { port.DisableReceiveInterrupt(); });
}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(drivers::State),
    .name = "serial",
    .matches = {{drivers::DeviceKind::kSerial16550, 0}, {drivers::DeviceKind::kSerialPl011, 0}},
    .probe = drivers::Probe<drivers::State, drivers::Start>,
    .handle_interrupt = drivers::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::Remove,
};
