// The PL031 real-time clock. ARM DDI 0224C.
#pragma once

#include <cstdint>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/prime_cell.h"
#include "userspace/drivers/registers.h"

namespace drivers {

template <RegisterBlock Block>
class ClockPl031 {
 public:
  // Its alarm stays off. kNotFound: another device.
  static base::Result<ClockPl031> Make(Block registers) {
    if (PrimeCellPart(registers) != kPart) return std::unexpected(base::Error::kNotFound);
    InterruptMask::Write(registers, 0);
    InterruptClear::Write(registers, 1);
    return ClockPl031(std::move(registers));
  }

  // Seconds since 1970.
  base::Result<uint64_t> ReadSeconds() const { return Data::Read(registers_); }

 private:
  static constexpr uint32_t kPart = 0x031;

  // Table 3-1.
  using Data = Register<uint32_t, 0x000>;
  using InterruptMask = Register<uint32_t, 0x010>;
  using InterruptClear = Register<uint32_t, 0x01C>;

  explicit ClockPl031(Block registers) : registers_(std::move(registers)) {}

  Block registers_;
};

}  // namespace drivers
