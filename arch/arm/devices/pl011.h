// The PL011 serial port. ARM DDI 0183G, chapter 3.
#pragma once

#include <optional>
#include <string_view>

#include "arch/arm/devices/mmio.h"

namespace arch::arm {

class Pl011 {
 public:
  constexpr explicit Pl011(Mmio registers) : registers_(registers) {}

  // 8 bits, no parity, FIFOs on, interrupts off. The divisors stay the firmware's: which clock they
  // divide is the board's secret.
  void Initialize() const;

  // Waits for room in the FIFO.
  void Write(char c) const;
  // The same for each character, with a carriage return before each line feed.
  void Write(std::string_view text) const;

  // Nothing if no character has arrived.
  std::optional<char> Read() const;

  // From now on a received character raises the port's interrupt until it is read.
  void EnableReceiveInterrupt() const;
  // Characters that arrive wait in the port.
  void DisableReceiveInterrupt() const;

 private:
  Mmio registers_;
};

}  // namespace arch::arm
