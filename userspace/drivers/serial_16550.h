// What arrives at a 16550 serial port, by interrupt. National Semiconductor PC16550D, 1995. Speed,
// format and FIFOs stay as whoever writes to the port has set them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/registers.h"

namespace drivers {

template <RegisterBlock Block>
class Serial16550 {
 public:
  static constexpr uint32_t kPortBytes = 8;

  // kNotFound: nothing there keeps what is written to it.
  static base::Result<Serial16550> Make(Block ports) {
    for (const uint8_t pattern : {uint8_t{0x5A}, uint8_t{0xA5}}) {
      Scratch::Write(ports, pattern);
      if (Scratch::Read(ports) != pattern) return std::unexpected(base::Error::kNotFound);
    }
    return Serial16550(std::move(ports));
  }

  // From now on characters interrupt until they are taken.
  void EnableReceiveInterrupt() const {
    const uint8_t control = ModemControl::Read(ports_);
    ModemControl::Write(ports_, control | kInterruptGate);
    InterruptEnable::Write(ports_, kReceivedData);
  }

  void DisableReceiveInterrupt() const { InterruptEnable::Write(ports_, 0); }

  // Takes what has arrived, at most as much as there is room for, and returns how much that was.
  // Those that came in pieces (parity, framing, break) are left out. Where some may be left the
  // interrupt is raised anew: PCs see its edge alone.
  size_t Receive(std::span<char> characters) const {
    size_t kept = 0;
    for (size_t taken = 0; taken < characters.size(); ++taken) {
      const uint8_t status = LineStatus::Read(ports_);
      if ((status & kDataReady) == 0) return kept;
      const uint8_t character = Received::Read(ports_);
      if ((status & kBroken) == 0) characters[kept++] = static_cast<char>(character);
    }
    const uint8_t enabled = InterruptEnable::Read(ports_);
    InterruptEnable::Write(ports_, 0);
    InterruptEnable::Write(ports_, enabled);
    return kept;
  }

 private:
  // Table II.
  using Received = Register<uint8_t, 0>;
  using InterruptEnable = Register<uint8_t, 1>;
  using ModemControl = Register<uint8_t, 4>;
  using LineStatus = Register<uint8_t, 5>;
  using Scratch = Register<uint8_t, 7>;

  static constexpr uint8_t kReceivedData = 0x01;   // 8.7: ERBFI
  static constexpr uint8_t kInterruptGate = 0x08;  // 8.8: OUT 2, which on PCs lets interrupts pass
  static constexpr uint8_t kDataReady = 0x01;      // 8.4
  static constexpr uint8_t kBroken = 0x04 | 0x08 | 0x10;

  explicit Serial16550(Block ports) : ports_(std::move(ports)) {}

  Block ports_;
};

}  // namespace drivers
