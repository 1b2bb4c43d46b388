// What arrives at a PL011 serial port, by interrupt. ARM DDI 0183G, chapter 3. Speed, format and
// FIFOs stay as whoever writes to the port has set them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/prime_cell.h"
#include "userspace/drivers/registers.h"

namespace drivers {

template <RegisterBlock Block>
class SerialPl011 {
 public:
  // kNotFound: another device.
  static base::Result<SerialPl011> Make(Block registers) {
    if (PrimeCellPart(registers) != kPart) return std::unexpected(base::Error::kNotFound);
    return SerialPl011(std::move(registers));
  }

  // From now on characters interrupt until they are taken; those that do not fill the FIFO, after a
  // moment.
  void EnableReceiveInterrupt() const {
    InterruptMask::Write(registers_, kReceive | kReceiveTimeout);
  }

  void DisableReceiveInterrupt() const { InterruptMask::Write(registers_, 0); }

  // Takes what has arrived, at most as much as there is room for, and returns how much that was.
  // Those that came in pieces (parity, framing, break) are left out. The line stays raised for what
  // is left.
  size_t Receive(std::span<char> characters) const {
    size_t kept = 0;
    for (size_t taken = 0; taken < characters.size(); ++taken) {
      if ((Flags::Read(registers_) & kReceiveEmpty) != 0) break;
      const uint32_t data = Data::Read(registers_);
      if ((data & kBroken) == 0) characters[kept++] = static_cast<char>(data & 0xFF);
    }
    return kept;
  }

 private:
  static constexpr uint32_t kPart = 0x011;

  // Table 3-1.
  using Data = Register<uint32_t, 0x000>;
  using Flags = Register<uint32_t, 0x018>;
  using InterruptMask = Register<uint32_t, 0x038>;

  static constexpr uint32_t kBroken = uint32_t{0b111} << 8;      // 3.3.1: framing, parity, break
  static constexpr uint32_t kReceiveEmpty = uint32_t{1} << 4;    // 3.3.3
  static constexpr uint32_t kReceive = uint32_t{1} << 4;         // 3.3.10
  static constexpr uint32_t kReceiveTimeout = uint32_t{1} << 6;  // 3.3.10

  explicit SerialPl011(Block registers) : registers_(std::move(registers)) {}

  Block registers_;
};

}  // namespace drivers
