#include "arch/arm/devices/pl011.h"

#include <cstdint>

namespace arch::arm {
namespace {

// Table 3-1 and sections 3.3.1, 3.3.3, 3.3.7, 3.3.8, 3.3.10.
constexpr uint32_t kData = 0x000;
constexpr uint32_t kFlags = 0x018;
constexpr uint32_t kLineControl = 0x02C;
constexpr uint32_t kControl = 0x030;
constexpr uint32_t kInterruptMask = 0x038;
constexpr uint32_t kInterruptClear = 0x044;

constexpr uint32_t kFlagBusy = uint32_t{1} << 3;
constexpr uint32_t kFlagReceiveEmpty = uint32_t{1} << 4;
constexpr uint32_t kFlagTransmitFull = uint32_t{1} << 5;

constexpr uint32_t kLineFifos = uint32_t{1} << 4;
constexpr uint32_t kLineEightBits = uint32_t{0b11} << 5;

constexpr uint32_t kControlEnable = uint32_t{1} << 0;
constexpr uint32_t kControlTransmit = uint32_t{1} << 8;
constexpr uint32_t kControlReceive = uint32_t{1} << 9;

constexpr uint32_t kInterruptReceive = uint32_t{1} << 4;
constexpr uint32_t kInterruptReceiveTimeout = uint32_t{1} << 6;
constexpr uint32_t kAllInterrupts = 0x7FF;

}  // namespace

void Pl011::Initialize() const {
  // The line control register may be written only while the port is off and idle (3.3.7).
  while ((registers_.Read(kFlags) & kFlagBusy) != 0) {
  }
  registers_.Write(kControl, 0);
  registers_.Write(kInterruptMask, 0);
  registers_.Write(kInterruptClear, kAllInterrupts);
  registers_.Write(kLineControl, kLineFifos | kLineEightBits);
  registers_.Write(kControl, kControlEnable | kControlTransmit | kControlReceive);
}

void Pl011::Write(char c) const {
  while ((registers_.Read(kFlags) & kFlagTransmitFull) != 0) {
  }
  registers_.Write(kData, static_cast<unsigned char>(c));
}

void Pl011::Write(std::string_view text) const {
  for (const char c : text) {
    if (c == '\n') Write('\r');
    Write(c);
  }
}

std::optional<char> Pl011::Read() const {
  if ((registers_.Read(kFlags) & kFlagReceiveEmpty) != 0) return std::nullopt;
  return static_cast<char>(registers_.Read(kData) & 0xFF);
}

void Pl011::EnableReceiveInterrupt() const {
  // The timeout reports the rest of a FIFO that is not full enough for the first one.
  registers_.Write(kInterruptMask, kInterruptReceive | kInterruptReceiveTimeout);
}

void Pl011::DisableReceiveInterrupt() const { registers_.Write(kInterruptMask, 0); }

}  // namespace arch::arm
