// Finding the functions on all buses. PCI Local Bus Specification 3.0, chapter 6; bridges:
// PCI-to-PCI Bridge Architecture Specification 1.2, 3.2.
#pragma once

#include <bitset>
#include <cstdint>

#include "userspace/drivers/pci/config_space.h"

namespace drivers::pci {

struct Function {
  Address address;
  uint16_t vendor = 0;
  uint16_t device = 0;
  uint16_t subsystem = 0;
  uint8_t header_type = 0;
  uint8_t interrupt_line = 0;  // where firmware has routed it; 0xFF: nowhere
};

// Calls `visit(const Function&)` for each function that answers, from bus 0 on. Every bus is walked
// once, wherever bridges say that they lead.
template <ConfigSpace Space, class Visit>
class BusWalk {
 public:
  BusWalk(Space& space, Visit& visit) : space_(space), visit_(visit) {}

  void Run() {
    wanted_.set(0);
    while ((wanted_ & ~walked_).any()) {
      for (uint32_t bus = 0; bus < kBuses; ++bus) {
        if (!wanted_[bus] || walked_[bus]) continue;
        walked_.set(bus);
        WalkBus(static_cast<uint8_t>(bus));
      }
    }
  }

 private:
  static constexpr uint8_t kTypeMask = 0x7F;
  static constexpr uint8_t kTypeBridge = 1;
  static constexpr uint8_t kManyFunctions = 0x80;
  static constexpr uint8_t kBridgeBuses = 0x18;

  void WalkBus(uint8_t bus) {
    for (uint8_t device = 0; device < kDevices; ++device) {
      uint8_t functions = 1;
      for (uint8_t function = 0; function < functions; ++function) {
        const uint8_t type = Look({bus, device, function});
        if (function == 0 && (type & kManyFunctions) != 0) functions = kFunctions;
      }
    }
  }

  // Returns its header type; 0 where nothing is.
  uint8_t Look(const Address& address) {
    const uint32_t identity = space_.Read(address, kIdentity);
    const auto vendor = static_cast<uint16_t>(identity);
    if (vendor == kNoVendor) return 0;
    const auto type = static_cast<uint8_t>(space_.Read(address, kHeaderType) >> 16);
    if ((type & kTypeMask) == kTypeBridge) {
      wanted_.set(space_.Read(address, kBridgeBuses) >> 8 & 0xFF);
    }
    visit_(Function{.address = address,
                    .vendor = vendor,
                    .device = static_cast<uint16_t>(identity >> 16),
                    .subsystem = static_cast<uint16_t>(space_.Read(address, kSubsystem) >> 16),
                    .header_type = static_cast<uint8_t>(type & kTypeMask),
                    .interrupt_line = static_cast<uint8_t>(space_.Read(address, kInterrupt))});
    return type;
  }

  Space& space_;
  Visit& visit_;
  std::bitset<kBuses> wanted_;
  std::bitset<kBuses> walked_;
};

template <ConfigSpace Space, class Visit>
void WalkBuses(Space& space, Visit&& visit) {
  BusWalk(space, visit).Run();
}

}  // namespace drivers::pci
