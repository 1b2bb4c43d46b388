#include "arch/ops/console.h"

#include <cstdint>

#include "arch/ops/cpu.h"
#include "arch/ops/port_io.h"
#include "arch/x86_64/devices/devices.h"
#include "kernel/base/receive_ring.h"

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

constinit base::ReceiveRing received;

void Write(Uart where, uint8_t value) {
  WritePort8(static_cast<uint16_t>(x86_64::kSerialPort + static_cast<uint16_t>(where)), value);
}

uint8_t Read(Uart where) {
  return ReadPort8(static_cast<uint16_t>(x86_64::kSerialPort + static_cast<uint16_t>(where)));
}

// What finds no room stays in the device, which holds its sender off.
void TakeReceived() {
  while (received.HasRoom()) {
    const uint8_t status = Read(Uart::kLineStatus);
    if (status == kNoDevice || (status & kReceived) == 0) return;
    received.Put(static_cast<char>(Read(Uart::kData)));
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

void WriteText(std::string_view text) {
  for (const char character : text) {
    if (character == '\n') WriteCharacter('\r');
    WriteCharacter(character);
  }
}

std::optional<char> ReadCharacter() {
  const InterruptsOff off;  // the handler and the last line here both write to the ring
  const auto character = received.Take();
  if (character) TakeReceived();  // what found no room raises no second interrupt
  return character;
}

base::Result<> MapConsole(DeviceMapper*) { return {}; }

void StartConsoleInterrupt() {
  Write(Uart::kModemControl, kModemReadyWithInterrupts);
  Write(Uart::kInterruptEnable, kInterruptOnReceive);
}

void OnConsoleInterrupt() { TakeReceived(); }

}  // namespace arch
