// The PC's real-time clock. Motorola MC146818A, 1984; its registers are behind an index and a data
// port.
#pragma once

#include <cstdint>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/civil_time.h"
#include "userspace/drivers/registers.h"

namespace drivers {

template <RegisterBlock Block>
class ClockMc146818 {
 public:
  static constexpr uint32_t kPortBytes = 2;

  explicit ClockMc146818(Block ports) : ports_(std::move(ports)) {}

  // Seconds since 1970. kOutOfRange: what it shows is no date; kUnsupported: it does not keep
  // still.
  base::Result<uint64_t> ReadSeconds() const {
    for (int i = 0; i < kTries; ++i) {
      if (IsUpdating()) continue;
      const Face face = ReadFace();
      // An update may have begun meanwhile: then the second look differs, or is refused.
      if (!IsUpdating() && face == ReadFace()) return SecondsOf(TRY(Decode(face)));
    }
    return std::unexpected(base::Error::kUnsupported);
  }

 private:
  // Figure 12 and "Registers" of the data sheet.
  static constexpr uint8_t kSecond = 0x00;
  static constexpr uint8_t kMinute = 0x02;
  static constexpr uint8_t kHour = 0x04;
  static constexpr uint8_t kDay = 0x07;
  static constexpr uint8_t kMonth = 0x08;
  static constexpr uint8_t kYear = 0x09;
  static constexpr uint8_t kRegisterA = 0x0A;
  static constexpr uint8_t kRegisterB = 0x0B;

  static constexpr uint8_t kUpdateInProgress = 0x80;  // register A
  static constexpr uint8_t kHours24 = 0x02;           // register B
  static constexpr uint8_t kBinary = 0x04;            // register B
  static constexpr uint8_t kAfternoon = 0x80;         // of 12 hours

  // An update takes 2 ms of a second; a port takes about a microsecond.
  static constexpr int kTries = 100'000;

  using Index = Register<uint8_t, 0>;
  using Data = Register<uint8_t, 1>;

  struct Face {
    uint8_t second, minute, hour, day, month, year, format;
    friend bool operator==(const Face&, const Face&) = default;
  };

  uint8_t ReadRegister(uint8_t index) const {
    Index::Write(ports_, index);
    return Data::Read(ports_);
  }

  bool IsUpdating() const { return (ReadRegister(kRegisterA) & kUpdateInProgress) != 0; }

  Face ReadFace() const {
    return {ReadRegister(kSecond),   ReadRegister(kMinute), ReadRegister(kHour),
            ReadRegister(kDay),      ReadRegister(kMonth),  ReadRegister(kYear),
            ReadRegister(kRegisterB)};
  }

  static base::Result<uint32_t> Number(uint8_t value, uint8_t format) {
    if ((format & kBinary) != 0) return value;
    if (value % 16 > 9 || value / 16 > 9) return std::unexpected(base::Error::kOutOfRange);
    return value / 16 * 10U + value % 16;
  }

  static base::Result<uint32_t> Hour(const Face& face) {
    if ((face.format & kHours24) != 0) return Number(face.hour, face.format);
    const auto clock = static_cast<uint8_t>(face.hour & ~kAfternoon);
    const uint32_t hour = TRY(Number(clock, face.format));
    if (hour < 1 || hour > 12) return std::unexpected(base::Error::kOutOfRange);
    return hour % 12 + ((face.hour & kAfternoon) != 0 ? 12 : 0);
  }

  static base::Result<CivilTime> Decode(const Face& face) {
    const uint32_t year = TRY(Number(face.year, face.format));
    // Two digits: the hundred years from 1970 on.
    return CivilTime{.year = year + (year < 70 ? 2000 : 1900),
                     .month = TRY(Number(face.month, face.format)),
                     .day = TRY(Number(face.day, face.format)),
                     .hour = TRY(Hour(face)),
                     .minute = TRY(Number(face.minute, face.format)),
                     .second = TRY(Number(face.second, face.format))};
  }

  Block ports_;
};

}  // namespace drivers
