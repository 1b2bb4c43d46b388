// A device and what its driver has been given for it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>

#include "userspace/drivers/device_description.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/system/guard.h"
#include "userspace/system/outlets.h"

namespace dispatch {

// What became of a call into a driver: its answer, or that it crashed.
using Outcome = std::expected<drivers::Status, Crash>;

// Stays where it is while a driver has it. One thread.
class HostedDevice {
 public:
  HostedDevice() = default;
  HostedDevice(const HostedDevice&) = delete;
  HostedDevice& operator=(const HostedDevice&) = delete;

  void Describe(const drivers::DeviceDescription& description, Outlets& outlets) {
    description_ = description;
    outlets_ = &outlets;
  }
  const drivers::DeviceDescription& description() const { return description_; }

  const drivers::DriverEntry* driver() const { return driver_; }
  bool is_running() const { return driver_ != nullptr; }

  // Gives the device to a driver: attaches its line, so that no edge is lost, and has the driver
  // look at it. Unless it answers kOk everything is as before, but if it crashed the device may be
  // in any state: Abandon() it.
  Outcome Start(const drivers::DriverEntry& driver,
                void (*on_interrupt)(void* device, atlas::InterruptLine line));

  Outcome HandleInterrupt();
  Outcome Request(drivers::DriverRequest& request);

  // Takes the device away from its driver, which makes it quiet first.
  Outcome Stop();
  // The same of a driver that has crashed: nothing of it is called. The line is masked; a device
  // that could go on writing into memory is reset here, and where it does not answer it keeps the
  // memory.
  void Abandon();

  void CheckInvariants() const;

 private:
  static constexpr size_t kMaxPieces = 8;

  struct Piece {
    void* base = nullptr;
    size_t size_bytes = 0;
  };
  class Pieces {
   public:
    bool HasRoom() const { return count_ < kMaxPieces; }
    void Add(void* base, size_t size_bytes) { pieces_[count_++] = {base, size_bytes}; }
    void Unmap();
    void Forget() { count_ = 0; }
    size_t count() const { return count_; }

   private:
    std::array<Piece, kMaxPieces> pieces_{};
    size_t count_ = 0;
  };

  static volatile void* MapRegisters(void* host, const drivers::RegisterWindow* window);
  static void* AllocateForDevice(void* host, uint32_t size_bytes, uint64_t* device_address);
  static void Received(void* host, const char* characters, size_t count);
  static void Stirred(void* host, const void* bytes, size_t size_bytes);
  static void Finished(void* host, uint64_t token, drivers::Status status);

  bool AttachLine(void (*on_interrupt)(void* device, atlas::InterruptLine line));
  void DetachLine();
  void Release();

  drivers::DeviceDescription description_;
  Outlets* outlets_ = nullptr;
  const drivers::DriverEntry* driver_ = nullptr;
  drivers::DriverServices services_{};
  void* state_ = nullptr;
  Pieces registers_;      // and the driver's state
  Pieces device_memory_;  // which the device may write to
  atlas::InterruptRoute route_{};
};

// Stops a virtio device without a driver; true of any other kind, and where no device is. False: it
// does not answer.
bool QuietDevice(const drivers::DeviceDescription& device);

// What a virtio device whose registers are in memory is; 0: nothing.
uint32_t FindVirtioType(const drivers::DeviceDescription& device);

}  // namespace dispatch
