// The dispatcher: which driver has which device, whose handlers an interrupt calls, and what
// happens when one crashes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "userspace/drivers/device_description.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/system/driver_loader.h"
#include "userspace/system/hosted_device.h"
#include "userspace/system/outlets.h"

namespace dispatch {

// One thread, one object: handlers' routes lead to it.
class Dispatcher {
 public:
  static constexpr size_t kMaxDrivers = 16;
  static constexpr size_t kMaxPath = 127;
  // So often a driver that crashed is loaded again, and a device that broke started again.
  static constexpr uint32_t kMaxRestarts = 3;

  Dispatcher(DriverLoader& loader, Outlets& outlets, const atlas::InterruptTable& table);
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;
  ~Dispatcher();

  // Whether it was loaded. One that was not is reported, and the others go on.
  bool AddDriver(const char* path);
  void AddDevices(std::span<const drivers::DeviceDescription> devices);

  // Gives each device that has none the first driver that takes it.
  void Bind();

  // Calls every handler of the line, then acknowledges.
  void OnInterrupt(atlas::InterruptLine line);

  // Asks the first device of that kind whose driver knows the function; kNotFound: there is none.
  base::Result<> Request(drivers::DriverRequest& request);

  std::span<HostedDevice> devices() { return std::span(devices_).first(device_count_); }

  void CheckInvariants() const;

 private:
  struct Driver {
    char path[kMaxPath + 1];
    const drivers::DriverEntry* entry;  // null: not loaded, or given up
    uint32_t crashes;
  };

  static void CallHandler(void* device, atlas::InterruptLine line);

  bool Load(Driver& driver);
  bool Takes(const drivers::DriverEntry& driver, const drivers::DeviceDescription& device) const;
  void BindDevice(size_t index);
  Driver* FindDriver(const drivers::DriverEntry* entry);
  // What a call of the driver of that device has come to.
  void Judge(HostedDevice& device, const Outcome& outcome);
  void OnCrash(Driver& driver, const Crash& crash);
  void OnBroken(HostedDevice& device);

  DriverLoader& loader_;
  Outlets& outlets_;
  const atlas::InterruptTable& table_;
  std::array<Driver, kMaxDrivers> drivers_{};
  size_t driver_count_ = 0;
  std::array<HostedDevice, drivers::DeviceList::kMaxDevices> devices_;
  std::array<uint32_t, drivers::DeviceList::kMaxDevices> failures_{};  // of each device
  size_t device_count_ = 0;
};

}  // namespace dispatch
