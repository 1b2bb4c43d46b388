// PCI's configuration space. PCI Local Bus Specification 3.0, chapter 6.
#pragma once

#include <concepts>
#include <cstdint>
#include <utility>

#include "userspace/drivers/registers.h"

namespace drivers::pci {

struct Address {
  uint8_t bus = 0;
  uint8_t device = 0;    // below kDevices
  uint8_t function = 0;  // below kFunctions

  friend bool operator==(const Address&, const Address&) = default;
};

inline constexpr uint32_t kBuses = 256;
inline constexpr uint32_t kDevices = 32;
inline constexpr uint32_t kFunctions = 8;

// Words of a function's 256 bytes; offsets are multiples of 4. Where nothing is all bits are ones.
template <class T>
concept ConfigSpace = requires(T& space, const Address& address, uint8_t offset, uint32_t value) {
  { space.Read(address, offset) } -> std::same_as<uint32_t>;
  space.Write(address, offset, value);
};

// Through two ports (3.2.2.3.2): one chooses the word, the other one is it.
template <RegisterBlock Block>
class PortConfigSpace {
 public:
  static constexpr uint16_t kFirstPort = 0xCF8;
  static constexpr uint32_t kPortBytes = 8;

  explicit PortConfigSpace(Block ports) : ports_(std::move(ports)) {}

  uint32_t Read(const Address& address, uint8_t offset) {
    Choose(address, offset);
    return Data::Read(ports_);
  }

  void Write(const Address& address, uint8_t offset, uint32_t value) {
    Choose(address, offset);
    Data::Write(ports_, value);
  }

 private:
  using Choice = Register<uint32_t, 0>;
  using Data = Register<uint32_t, 4>;

  void Choose(const Address& address, uint8_t offset) {
    constexpr uint32_t kEnable = uint32_t{1} << 31;
    Choice::Write(ports_, kEnable | uint32_t{address.bus} << 16 | uint32_t{address.device} << 11 |
                              uint32_t{address.function} << 8 | (offset & 0xFCU));
  }

  Block ports_;
};

// 6.1, figure 6-1: words of every function's header, and of type 0.
inline constexpr uint8_t kIdentity = 0x00;
inline constexpr uint8_t kCommand = 0x04;  // and status
inline constexpr uint8_t kClass = 0x08;
inline constexpr uint8_t kHeaderType = 0x0C;
inline constexpr uint8_t kBaseAddresses = 0x10;
inline constexpr uint8_t kSubsystem = 0x2C;
inline constexpr uint8_t kCapabilities = 0x34;
inline constexpr uint8_t kInterrupt = 0x3C;

inline constexpr uint16_t kNoVendor = 0xFFFF;

// 6.2.2, 6.2.3: in the word at kCommand.
inline constexpr uint32_t kCommandMemory = 1U << 1;
inline constexpr uint32_t kCommandMaster = 1U << 2;
inline constexpr uint32_t kCommandNoInterrupt = 1U << 10;
inline constexpr uint32_t kCommandMask = 0xFFFF;  // ones in the status half clear what they find
inline constexpr uint32_t kStatusCapabilities = 1U << 20;

}  // namespace drivers::pci
