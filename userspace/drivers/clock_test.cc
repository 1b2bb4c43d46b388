#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <optional>

#include "userspace/drivers/civil_time.h"
#include "userspace/drivers/clock_mc146818.h"
#include "userspace/drivers/clock_pl031.h"
#include "userspace/drivers/fake_registers.h"

namespace drivers {
namespace {

using base::Error;

TEST(CivilTimeTest, Moments) {
  struct Row {
    CivilTime time;
    std::optional<uint64_t> seconds;
  };
  for (const Row& row : {
           Row{{1970, 1, 1, 0, 0, 0}, 0},
           Row{{1970, 1, 1, 23, 59, 59}, 86399},
           Row{{1972, 2, 29, 0, 0, 0}, 68169600},
           Row{{2000, 3, 1, 0, 0, 0}, 951868800},
           Row{{2038, 1, 19, 3, 14, 8}, 2147483648},
           Row{{2100, 3, 1, 0, 0, 0}, 4107542400},
           Row{{9999, 12, 31, 23, 59, 59}, 253402300799},
           Row{{1969, 12, 31, 23, 59, 59}, std::nullopt},
           Row{{2023, 2, 29, 0, 0, 0}, std::nullopt},
           Row{{2100, 2, 29, 0, 0, 0}, std::nullopt},
           Row{{2024, 0, 1, 0, 0, 0}, std::nullopt},
           Row{{2024, 13, 1, 0, 0, 0}, std::nullopt},
           Row{{2024, 4, 31, 0, 0, 0}, std::nullopt},
           Row{{2024, 1, 0, 0, 0, 0}, std::nullopt},
           Row{{2024, 1, 1, 24, 0, 0}, std::nullopt},
           Row{{2024, 1, 1, 0, 60, 0}, std::nullopt},
           Row{{2024, 1, 1, 0, 0, 60}, std::nullopt},
           Row{{10000, 1, 1, 0, 0, 0}, std::nullopt},
       }) {
    const auto seconds = SecondsOf(row.time);
    EXPECT_EQ(seconds.has_value(), row.seconds.has_value()) << row.time.year;
    if (seconds.has_value() && row.seconds.has_value()) {
      EXPECT_EQ(*seconds, *row.seconds) << row.time.year;
    }
  }
}

struct FakeMc146818 : FakeDevice {
  std::array<uint8_t, 128> cells{};
  uint8_t index = 0;
  int updating_for = 0;  // so many looks at register A
  int ticks_after = -1;  // reads until the minute is over
  bool never_still = false;

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    CHECK(offset == 1 && width_bytes == 1);
    if (index == 0x0A) return updating_for > 0 && updating_for-- > 0 ? 0x80 : 0x26;
    if (ticks_after >= 0 && ticks_after-- == 0) {
      cells[0x00] = 0x00;
      cells[0x02] = 0x01;
    }
    if (never_still && index == 0) return cells[0] = static_cast<uint8_t>((cells[0] + 1) % 10);
    return cells[index];
  }

  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    CHECK(offset == 0 && width_bytes == 1 && value < cells.size());
    index = static_cast<uint8_t>(value);
  }

  base::Result<uint64_t> Read() { return ClockMc146818(FakeRegisters(*this, 0, 2)).ReadSeconds(); }
};

struct Shown {
  const char* name;
  // Second, minute, hour, day, month, year, register B.
  std::array<uint8_t, 7> face;
  std::optional<CivilTime> time;
};

TEST(ClockMc146818Test, Faces) {
  for (const Shown& row : {
           Shown{"decimal digits",
                 {0x59, 0x58, 0x23, 0x31, 0x12, 0x25, 0x02},
                 CivilTime{2025, 12, 31, 23, 58, 59}},
           Shown{"binary", {59, 58, 23, 31, 12, 25, 0x06}, CivilTime{2025, 12, 31, 23, 58, 59}},
           Shown{"12 hours", {0, 0, 0x92, 1, 1, 0x70, 0x00}, CivilTime{1970, 1, 1, 12, 0, 0}},
           Shown{"midnight", {0, 0, 0x12, 1, 1, 0x69, 0x00}, CivilTime{2069, 1, 1, 0, 0, 0}},
           Shown{
               "11 in the evening", {0, 0, 0x8B, 1, 1, 99, 0x04}, CivilTime{1999, 1, 1, 23, 0, 0}},
           Shown{"hour 13 of 12", {0, 0, 0x13, 1, 1, 0, 0x00}, std::nullopt},
           Shown{"hour 0 of 12", {0, 0, 0x00, 1, 1, 0, 0x00}, std::nullopt},
           Shown{"no digit", {0x5A, 0, 0, 1, 1, 0, 0x02}, std::nullopt},
           Shown{"no digit before it", {0xA0, 0, 0, 1, 1, 0, 0x02}, std::nullopt},
           Shown{"no date", {0, 0, 0, 0, 0, 0, 0x02}, std::nullopt},
           Shown{"nothing there", {255, 255, 255, 255, 255, 255, 255}, std::nullopt},
       }) {
    FakeMc146818 clock;
    constexpr uint8_t kCells[] = {0x00, 0x02, 0x04, 0x07, 0x08, 0x09, 0x0B};
    for (size_t i = 0; i < row.face.size(); ++i) clock.cells[kCells[i]] = row.face[i];
    const auto seconds = clock.Read();
    ASSERT_EQ(seconds.has_value(), row.time.has_value()) << row.name;
    if (seconds.has_value()) {
      EXPECT_EQ(*seconds, *SecondsOf(*row.time)) << row.name;
    } else {
      EXPECT_EQ(seconds.error(), Error::kOutOfRange) << row.name;
    }
  }
}

TEST(ClockMc146818Test, IsReadBetweenUpdates) {
  for (int ticks_after = 0; ticks_after < 20; ++ticks_after) {
    FakeMc146818 clock;
    clock.cells = {};
    clock.cells[0x00] = 0x59;
    clock.cells[0x07] = clock.cells[0x08] = 1;
    clock.cells[0x09] = 0x70;
    clock.cells[0x0B] = 0x02;
    clock.updating_for = 3;
    clock.ticks_after = ticks_after;
    const auto seconds = clock.Read();
    ASSERT_TRUE(seconds.has_value());
    EXPECT_TRUE(*seconds == 59 || *seconds == 60) << ticks_after << ": " << *seconds;
  }
}

TEST(ClockMc146818Test, OneThatIsNeverStillIsGivenUp) {
  FakeMc146818 restless;
  restless.never_still = true;
  EXPECT_EQ(restless.Read().error(), Error::kUnsupported);
  FakeMc146818 updating;
  updating.updating_for = 10'000'000;
  EXPECT_EQ(updating.Read().error(), Error::kUnsupported);
}

struct FakePl031 : FakeDevice {
  uint32_t part = 0x31;
  bool alarm = true;

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    CHECK(width_bytes == 4);
    switch (offset) {
      case 0x000:
        return 0xF000'0000;
      case 0xFE0:
        return part;
      case 0xFE4:
        return 0x10;
      default:
        CHECK(false);
        return 0;
    }
  }
  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    CHECK(width_bytes == 4 && ((offset == 0x010 && value == 0) || (offset == 0x01C && value == 1)));
    alarm = false;
  }
};

TEST(ClockPl031Test, ReadsSecondsAndKnowsItself) {
  FakePl031 device;
  const auto clock = ClockPl031<FakeRegisters>::Make(FakeRegisters(device, 0, 0x1000));
  ASSERT_TRUE(clock.has_value());
  EXPECT_FALSE(device.alarm);
  EXPECT_EQ(*clock->ReadSeconds(), 0xF000'0000u);
  EXPECT_EQ(ClockPl031<FakeRegisters>::Make(FakeRegisters(device, 0, 0xFFF)).error(),
            Error::kNotFound);
  device.part = 0x11;
  EXPECT_EQ(ClockPl031<FakeRegisters>::Make(FakeRegisters(device, 0, 0x1000)).error(),
            Error::kNotFound);
}

}  // namespace
}  // namespace drivers
