#include "arch/ops/console.h"

#include <array>
#include <cstdint>

#include "arch/ops/cpu.h"
#include "arch/ops/port_io.h"
#include "arch/x86_64/devices/devices.h"

namespace arch {
namespace {

// Registers and bits: PC16550D datasheet, table II.
enum class Uart : uint16_t {
  kData = 0,
  kDivisorLow = 0,  // while the divisor latch is open
  kDivisorHigh = 1,
  kInterruptEnable = 1,
  kLineControl = 3,
  kModemControl = 4,
  kLineStatus = 5,
};
constexpr uint8_t kDivisorLatch = 0x80;
constexpr uint8_t kEightBitsNoParity = 0x03;
constexpr uint8_t kDivisorFor115200 = 1;
constexpr uint8_t kModemReady = 0x03;                // DTR, RTS
constexpr uint8_t kModemReadyWithInterrupts = 0x0b;  // OUT2 gates the interrupt line on a PC
constexpr uint8_t kInterruptOnReceive = 0x01;
constexpr uint8_t kReceived = 0x01;
constexpr uint8_t kNoDevice = 0xff;  // what a port without one reads as
constexpr uint8_t kTransmitterEmpty = 0x20;

// Written by the interrupt handler, read with interrupts off.
struct ReceiveBuffer {
  static constexpr size_t kCapacity = 256;
  std::array<char, kCapacity> characters;
  size_t first;
  size_t count;
};
constinit ReceiveBuffer received{};

void Write(Uart where, uint8_t value) {
  WritePort8(static_cast<uint16_t>(x86_64::kSerialPort + static_cast<uint16_t>(where)), value);
}

uint8_t Read(Uart where) {
  return ReadPort8(static_cast<uint16_t>(x86_64::kSerialPort + static_cast<uint16_t>(where)));
}

// Moves what the device has received to the buffer. What finds no room stays in the device, which
// holds its sender off.
void TakeReceived() {
  while (received.count < ReceiveBuffer::kCapacity) {
    const uint8_t status = Read(Uart::kLineStatus);
    if (status == kNoDevice || (status & kReceived) == 0) return;
    const size_t last = (received.first + received.count) % ReceiveBuffer::kCapacity;
    received.characters[last] = static_cast<char>(Read(Uart::kData));
    ++received.count;
  }
}

}  // namespace

void InitializeConsole() {
  Write(Uart::kInterruptEnable, 0);
  Write(Uart::kLineControl, kDivisorLatch);
  Write(Uart::kDivisorLow, kDivisorFor115200);
  Write(Uart::kDivisorHigh, 0);
  Write(Uart::kLineControl, kEightBitsNoParity);
  // The FIFO stays as it is: switching it drops what has been received, and somebody may have typed
  // already. Without it QEMU holds the sender back until the character received is taken.
  Write(Uart::kModemControl, kModemReady);
}

void WriteCharacter(char character) {
  // Without a device this does not wait.
  while ((Read(Uart::kLineStatus) & kTransmitterEmpty) == 0) asm volatile("pause");
  Write(Uart::kData, static_cast<uint8_t>(character));
}

std::optional<char> ReadCharacter() {
  const InterruptsOff off;
  if (received.count == 0) return std::nullopt;
  const char character = received.characters[received.first];
  received.first = (received.first + 1) % ReceiveBuffer::kCapacity;
  --received.count;
  TakeReceived();  // what found no room raises no second interrupt
  return character;
}

base::Result<> MapConsole(DeviceMapper*) { return {}; }

void StartConsoleInterrupt() {
  Write(Uart::kModemControl, kModemReadyWithInterrupts);
  Write(Uart::kInterruptEnable, kInterruptOnReceive);
}

void OnConsoleInterrupt() { TakeReceived(); }

}  // namespace arch
