// Where the devices of the PC platform are, on QEMU's `pc` (82371SB, PIIX3) and `q35` (ICH9) alike.
#pragma once

#include <array>
#include <cstdint>

#include "arch/x86_64/devices/ports_asm.h"
#include "kernel/mm/facts/address.h"

namespace arch::x86_64 {

// First serial port, a 16550A.
inline constexpr uint16_t kSerialPort = SERIAL_PORT;
inline constexpr unsigned kSerialInterrupt = 4;  // ISA IRQ, and the IOAPIC's input of that number

// Pair of 8259A interrupt controllers.
inline constexpr uint16_t kFirstPicPort = 0x20;
inline constexpr uint16_t kSecondPicPort = 0xa0;

// 8254 timer: channel 2's output can be read back, so it measures without an interrupt.
inline constexpr uint16_t kPitChannel2Port = 0x42;
inline constexpr uint16_t kPitCommandPort = 0x43;
inline constexpr uint16_t kPitGatePort =
    0x61;  // "NMI status and control": channel 2's gate, output
inline constexpr uint64_t kPitFrequency = 1193182;  // Hz

// Ports of what the kernel drives itself, which no driver has a part in: the interrupt controllers
// and the timer that it measures with.
struct PortRange {
  uint16_t first;
  uint16_t count;
};
inline constexpr std::array kKernelPorts = {PortRange{kFirstPicPort, 2}, PortRange{0x40, 4},
                                            PortRange{kPitGatePort, 1},
                                            PortRange{kSecondPicPort, 2}};

// 8042 keyboard controller, whose output port can pull the reset line.
inline constexpr uint16_t kKeyboardCommandPort = 0x64;
inline constexpr uint8_t kKeyboardPulseReset = 0xfe;

// Reset control register (ICH9 datasheet 13.7.5): hard reset, CPU reset.
inline constexpr uint16_t kResetControlPort = 0xcf9;
inline constexpr uint8_t kResetControlHard = 0x02;
inline constexpr uint8_t kResetControlReset = 0x06;

// The first IOAPIC (ICH9 datasheet 13.5; the same on PIIX3 with QEMU).
inline constexpr mm::PhysAddr kIoApicBase{0xfec00000};
inline constexpr uint64_t kIoApicBytes = 0x20;

// The local APIC's registers take one page; where it is says the processor (IA32_APIC_BASE).
inline constexpr uint64_t kLocalApicBytes = 0x400;

// QEMU's device for ending a run with a status.
inline constexpr uint16_t kDebugExitPort = DEBUG_EXIT_PORT;
inline constexpr uint32_t kDebugExitFailure = DEBUG_EXIT_FAILURE;

}  // namespace arch::x86_64
