#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/machine/ports.h"

namespace machine {

// A device that interrupts when it is told to: the transmitter of the first serial port, which is
// empty (PC16550D datasheet, table II). The kernel writes to it, and reads until its line is taken.
class TestDevice {
 public:
  static constexpr uint32_t kLine = 4;
  static constexpr uint64_t kRegisters = 0;  // none in memory
  static constexpr size_t kRegisterBytes = 0;

  explicit TestDevice(uintptr_t) {}

  void Raise() const {
    Quiet();
    WritePort8(kInterruptEnable, kTransmitterEmpty);
  }
  void Quiet() const {
    WritePort8(kInterruptEnable, 0);
    ReadPort8(kInterruptIdentification);
  }

 private:
  static constexpr uint16_t kInterruptEnable = 0x3f9;
  static constexpr uint16_t kInterruptIdentification = 0x3fa;
  static constexpr uint8_t kTransmitterEmpty = 0x02;
};

// Another one, whose line is raised until it is quiet and is nobody else's: the first comparator of
// the event timer (IA-PC HPET specification 1.0a, 2.3), whose line is one of its choice.
class LevelDevice {
 public:
  static constexpr uint32_t kLine = 20;
  static constexpr uint64_t kRegisters = 0xfed00000;
  static constexpr size_t kRegisterBytes = 4096;

  explicit LevelDevice(uintptr_t registers) : registers_(registers) {}

  // The line is raised when this returns.
  void Raise() const {
    constexpr uint32_t kSoon = 100;
    Register(kConfiguration) = kCounts;
    Register(kTimer) = kLevel | kInterrupts | k32Bits | kLine << kRouteShift;
    Register(kComparator) = Register(kCounter) + kSoon;
    while (Register(kStatus) == 0) {
    }
  }
  void Quiet() const {
    Register(kStatus) = 1;
    Register(kTimer) = 0;
  }

 private:
  static constexpr uintptr_t kConfiguration = 0x010;
  static constexpr uint32_t kCounts = 0x1;
  static constexpr uintptr_t kStatus = 0x020;
  static constexpr uintptr_t kCounter = 0x0f0;
  static constexpr uintptr_t kTimer = 0x100;
  static constexpr uint32_t kLevel = 0x002;
  static constexpr uint32_t kInterrupts = 0x004;
  static constexpr uint32_t k32Bits = 0x100;
  static constexpr uint32_t kRouteShift = 9;
  static constexpr uintptr_t kComparator = 0x108;

  volatile uint32_t& Register(uintptr_t offset) const {
    return *reinterpret_cast<volatile uint32_t*>(registers_ + offset);
  }

  uintptr_t registers_;
};

// Registers that a driver may have, with a word that is known; and some that are the kernel's.
inline constexpr uint64_t kKnownRegisters = 0xfed00000;  // HPET, IA-PC HPET specification 1.0a
inline constexpr size_t kKnownOffset = 0;
inline constexpr uint32_t kKnownMask = 0xffff0000;  // PCI's number of the vendor
inline constexpr uint32_t kKnownValue = 0x80860000;
inline constexpr uint64_t kKernelRegisters[] = {0xfec00000, 0xfee00000};
inline constexpr uint64_t kMemory[] = {0x0, 0x100000, 0x1000000};
// A port that a driver may use, and some that are the kernel's.
inline constexpr uint16_t kOpenPort = 0x3fd;
inline constexpr uint16_t kKernelPorts[] = {0x20, 0x21, 0x40, 0x43, 0x61, 0xa0, 0xa1};

}  // namespace machine
