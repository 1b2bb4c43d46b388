#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace machine {

// A device that interrupts when it is told to: the PL031 clock (ARM DDI 0224C, chapter 3) of QEMU's
// `virt` board, whose alarm is set to now.
class TestDevice {
 public:
  static constexpr uint32_t kLine = 2;
  static constexpr uint64_t kRegisters = 0x09010000;
  static constexpr size_t kRegisterBytes = 4096;

  explicit TestDevice(uintptr_t registers) : registers_(registers) {}

  void Raise() const {
    Register(kInterruptMask) = 1;
    // Again if the second ended in between. Not until it has interrupted: that may be over by then.
    uint32_t second;
    do {
      second = Register(kData);
      Register(kMatch) = second;
    } while (Register(kData) != second);
  }
  void Quiet() const { Register(kInterruptClear) = 1; }

 private:
  static constexpr uintptr_t kData = 0x000;
  static constexpr uintptr_t kMatch = 0x004;
  static constexpr uintptr_t kInterruptMask = 0x010;
  static constexpr uintptr_t kInterruptClear = 0x01c;

  volatile uint32_t& Register(uintptr_t offset) const {
    return *reinterpret_cast<volatile uint32_t*>(registers_ + offset);
  }

  uintptr_t registers_;
};

// One whose line is raised until it is quiet and is nobody else's.
using LevelDevice = TestDevice;

// Registers that a driver may have, with a word that is known; and some that are the kernel's.
inline constexpr uint64_t kKnownRegisters = 0x09010000;
inline constexpr size_t kKnownOffset = 0xfe0;  // PL031's number
inline constexpr uint32_t kKnownMask = 0xff;
inline constexpr uint32_t kKnownValue = 0x31;
inline constexpr uint64_t kKernelRegisters[] = {0x08000000, 0x08010000};
inline constexpr uint64_t kMemory[] = {0x40001000, 0x41000000};
// There are no ports.
inline constexpr uint16_t kOpenPort = 0;
inline constexpr std::array<uint16_t, 0> kKernelPorts = {};

}  // namespace machine
