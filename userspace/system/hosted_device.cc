#include "userspace/system/hosted_device.h"

#include <utility>

#include "kernel/base/check.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/system/device_pages.h"

namespace dispatch {
namespace {

using drivers::Status;

// A call into a driver.
template <class Function>
Outcome Guarded(Function&& function) {
  Status status = drivers::kOk;
  const auto ran = RunGuarded([&] { status = function(); });
  if (!ran.has_value()) return std::unexpected(ran.error());
  return status;
}

atlas::Trigger TriggerOf(drivers::LineTrigger trigger) {
  return trigger == drivers::LineTrigger::kEdge ? atlas::Trigger::kEdge : atlas::Trigger::kLevel;
}

}  // namespace

void HostedDevice::Pieces::Unmap() {
  for (size_t i = 0; i < count_; ++i) UnmapPages(pieces_[i].base, pieces_[i].size_bytes);
  count_ = 0;
}

Outcome HostedDevice::Start(const drivers::DriverEntry& driver,
                            void (*on_interrupt)(void* device, atlas::InterruptLine line)) {
  CHECK(!is_running());
  const size_t state_bytes = WholePages(driver.state_bytes == 0 ? 1 : driver.state_bytes);
  state_ = MapMemory(state_bytes);
  if (state_ == nullptr) return drivers::StatusOf(base::Error::kOutOfMemory);
  registers_.Add(state_, state_bytes);
  services_ = {.host = this,
               .map_registers = MapRegisters,
               .allocate_for_device = AllocateForDevice,
               .received = Received,
               .stirred = Stirred,
               .finished = Finished};
  driver_ = &driver;
  if (!AttachLine(on_interrupt)) {
    Release();
    return drivers::StatusOf(base::Error::kUnsupported);
  }
  const Outcome probed = Guarded([&] { return driver.probe(state_, &description_, &services_); });
  if (probed.has_value() && *probed != drivers::kOk) {
    // It was given up by the driver; but memory that it knows is not freed on that word.
    Abandon();
  }
  return probed;
}

Outcome HostedDevice::HandleInterrupt() {
  CHECK(is_running());
  return Guarded([&] { return driver_->handle_interrupt(state_); });
}

Outcome HostedDevice::Request(drivers::DriverRequest& request) {
  CHECK(is_running());
  return Guarded([&] { return driver_->request(state_, &request); });
}

Outcome HostedDevice::Stop() {
  CHECK(is_running());
  const Outcome removed = Guarded([&] {
    driver_->remove(state_);
    return drivers::kOk;
  });
  Abandon();
  return removed;
}

void HostedDevice::Abandon() {
  if (!is_running()) return;
  DetachLine();
  const bool is_quiet = QuietDevice(description_);
  if (!is_quiet) {
    outlets_->Report("a device does not answer: it keeps the memory that it has");
    device_memory_.Forget();
  }
  outlets_->Forget(description_, is_quiet ? Outlets::Quiet::kYes : Outlets::Quiet::kNo);
  Release();
}

void HostedDevice::Release() {
  registers_.Unmap();
  device_memory_.Unmap();
  driver_ = nullptr;
  state_ = nullptr;
}

bool HostedDevice::AttachLine(void (*on_interrupt)(void* device, atlas::InterruptLine line)) {
  if (description_.line == drivers::kNoLine) return true;
  const atlas::InterruptRoute route = {on_interrupt, this};
  if (atlas::AttachInterrupt(description_.line, TriggerOf(description_.trigger), route) < 0) {
    return false;
  }
  route_ = route;
  return true;
}

void HostedDevice::DetachLine() {
  const atlas::InterruptRoute route = std::exchange(route_, {});
  if (route.handler != nullptr) CHECK(atlas::DetachInterrupt(description_.line, route) >= 0);
}

volatile void* HostedDevice::MapRegisters(void* host, const drivers::RegisterWindow* window) {
  auto& self = *static_cast<HostedDevice*>(host);
  if (!self.registers_.HasRoom()) return nullptr;
  const MappedWindow mapped = MapWindow(*window);
  if (mapped.base == nullptr) return nullptr;
  self.registers_.Add(mapped.base, mapped.size_bytes);
  return mapped.registers;
}

void* HostedDevice::AllocateForDevice(void* host, uint32_t size_bytes, uint64_t* device_address) {
  auto& self = *static_cast<HostedDevice*>(host);
  if (!self.device_memory_.HasRoom() || size_bytes == 0) return nullptr;
  const auto whole_bytes = static_cast<size_t>(WholePages(size_bytes));
  void* const memory = atlas::AllocateDeviceMemory(whole_bytes, *device_address);
  if (memory != nullptr) self.device_memory_.Add(memory, whole_bytes);
  return memory;
}

void HostedDevice::Received(void* host, const char* characters, size_t count) {
  static_cast<HostedDevice*>(host)->outlets_->Type(characters, count);
}

void HostedDevice::Stirred(void* host, const void* bytes, size_t size_bytes) {
  static_cast<HostedDevice*>(host)->outlets_->Stir(bytes, size_bytes);
}

void HostedDevice::Finished(void* host, uint64_t token, Status status) {
  static_cast<HostedDevice*>(host)->outlets_->Finish(token, status);
}

void HostedDevice::CheckInvariants() const {
  CHECK(is_running() == (state_ != nullptr));
  if (!is_running()) {
    CHECK(registers_.count() == 0 && device_memory_.count() == 0 && route_.handler == nullptr);
    return;
  }
  CHECK(registers_.count() != 0);
  CHECK((route_.handler != nullptr) == (description_.line != drivers::kNoLine));
}

}  // namespace dispatch
