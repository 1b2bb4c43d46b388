// The driver object of real-time clocks.
#include <cstdint>

#include "kernel/base/result.h"
#include "userspace/drivers/clock_mc146818.h"
#include "userspace/drivers/clock_pl031.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/objects/device_registers.h"

namespace drivers {
namespace {

using base::Result;

using PortClock = ClockMc146818<PortBlock>;
using MmioClock = ClockPl031<MmioBlock>;
using State = EitherDriver<PortClock, MmioClock>;

Result<> Start(State& state, const DeviceDescription& device) {
  if (device.kind == DeviceKind::kClockMc146818) {
    state.Hold(PortClock(PortsOf(device.windows[0])));
  } else {
    state.Hold(TRY(MmioClock::Make(TRY(MapWindow(*state.services, device.windows[0])))));
  }
  return {};
}

// Its alarm is off.
Status HandleInterrupt(void*) { return kOk; }

Status Request(void* memory, DriverRequest* request) {
  if (request->function != RequestFunction::kReadSeconds) {
    return StatusOf(base::Error::kUnsupported);
  }
  auto& state = *static_cast<State*>(memory);
  const Result<uint64_t> seconds = state.Do([](auto& clock) { return clock.ReadSeconds(); });
  if (!seconds.has_value()) return StatusOf(seconds.error());
  request->result = *seconds;
  return kOk;
}

void Remove(void*) {}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(drivers::State),
    .name = "clock",
    .matches = {{drivers::DeviceKind::kClockMc146818, 0}, {drivers::DeviceKind::kClockPl031, 0}},
    .probe = drivers::Probe<drivers::State, drivers::Start>,
    .handle_interrupt = drivers::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::Remove,
};
