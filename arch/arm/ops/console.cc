#include "arch/ops/console.h"

#include "arch/arm/devices/board.h"
#include "arch/arm/devices/mmio.h"
#include "arch/arm/devices/pl011.h"
#include "kernel/base/check.h"
#include "kernel/base/receive_ring.h"

namespace arch {
namespace {

// The boot tables show the port at its physical address.
constinit arm::Pl011 port{arm::Mmio{mm::VirtAddr{arm::kEarlyUart.value}}};
constinit mm::VirtAddr mapped_registers;
constinit base::ReceiveRing received;

}  // namespace

void InitializeConsole() { port.Initialize(); }

void WriteCharacter(char c) { port.Write(c); }

void WriteText(std::string_view text) { port.Write(text); }

std::optional<char> ReadCharacter() {
  const auto c = received.Take();
  if (c) port.EnableReceiveInterrupt();  // off while there was no room
  return c;
}

base::Result<> MapConsole(DeviceMapper* map_device) {
  const mm::PhysRange& registers = arm::Board().uart;
  mapped_registers = TRY(map_device(registers.base, registers.size_bytes, "serial port"));
  return {};
}

std::optional<mm::PhysRange> ConsoleRegisters() { return arm::Board().uart; }

void arm::MoveConsole() {
  CHECK(mapped_registers != mm::VirtAddr{});
  port = Pl011(Mmio(mapped_registers));
  // The device tree may name another port than the one that was known.
  if (Board().uart.base != kEarlyUart) port.Initialize();
}

void arm::EnableConsoleInterrupt() { port.EnableReceiveInterrupt(); }

void arm::ReceiveCharacters() {
  while (received.HasRoom()) {
    const auto c = port.Read();
    if (!c) return;
    received.Put(*c);
  }
  // The interrupt would come back until the port is empty.
  port.DisableReceiveInterrupt();
}

}  // namespace arch
