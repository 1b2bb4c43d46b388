#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "userspace/drivers/fake_registers.h"
#include "userspace/drivers/pci/base_address.h"
#include "userspace/drivers/pci/bus_walk.h"
#include "userspace/drivers/pci/config_space.h"
#include "userspace/drivers/pci/fake_bus.h"

namespace drivers::pci {
namespace {

using base::Error;

struct FakePorts : FakeDevice {
  uint32_t chosen = 0;
  uint32_t written = 0;

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    CHECK(offset == 4 && width_bytes == 4);
    return 0x1234'5678;
  }
  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    CHECK(width_bytes == 4);
    (offset == 0 ? chosen : written) = value;
  }
};

TEST(PortConfigSpaceTest, ChoosesTheWord) {
  FakePorts ports;
  PortConfigSpace space{FakeRegisters(ports, 0, 8)};
  EXPECT_EQ(space.Read({.bus = 0x12, .device = 31, .function = 7}, 0x3C), 0x1234'5678u);
  EXPECT_EQ(ports.chosen, 0x8012'FF3Cu);
  space.Write({.bus = 0, .device = 1, .function = 0}, 4, 7);
  EXPECT_EQ(ports.chosen, 0x8000'0804u);
  EXPECT_EQ(ports.written, 7u);
}

std::vector<Address> Walk(FakeBus& bus) {
  std::vector<Address> found;
  WalkBuses(bus, [&](const Function& function) { found.push_back(function.address); });
  return found;
}

TEST(BusWalkTest, FunctionsAndBridges) {
  FakeBus bus;
  bus[{0, 0, 0}][kIdentity] = 0x29C0'8086;
  bus[{0, 3, 0}][kIdentity] = 0x1001'1AF4;
  bus[{0, 3, 0}][kSubsystem] = 0x0002'1AF4;
  bus[{0, 3, 0}][kInterrupt] = 0x0000'010B;
  bus[{0, 3, 1}][kIdentity] = 0x0000'0001;  // not asked for: function 0 is the only one
  bus[{0, 31, 0}][kIdentity] = 0x2918'8086;
  bus[{0, 31, 0}][kHeaderType] = 0x0080'0000;
  bus[{0, 31, 2}][kIdentity] = 0x2922'8086;
  bus[{0, 31, 7}][kIdentity] = 0x2930'8086;
  bus[{0, 30, 0}][kIdentity] = 0x244E'8086;
  bus[{0, 30, 0}][kHeaderType] = 0x0001'0000;
  bus[{0, 30, 0}][0x18] = 0x0005'0500;
  bus[{5, 1, 0}][kIdentity] = 0x1041'1AF4;
  EXPECT_EQ(Walk(bus),
            (std::vector<Address>{
                {0, 0, 0}, {0, 3, 0}, {0, 30, 0}, {0, 31, 0}, {0, 31, 2}, {0, 31, 7}, {5, 1, 0}}));
  WalkBuses(bus, [](const Function& function) {
    if (function.address != Address{0, 3, 0}) return;
    EXPECT_EQ(function.vendor, 0x1AF4);
    EXPECT_EQ(function.device, 0x1001);
    EXPECT_EQ(function.subsystem, 2);
    EXPECT_EQ(function.interrupt_line, 0x0B);
  });
}

TEST(BusWalkTest, NothingThere) {
  FakeBus bus;
  EXPECT_TRUE(Walk(bus).empty());
}

// Bridges that lead to each other, to themselves and to bus 0: each bus once.
TEST(BusWalkTest, CirclesEnd) {
  FakeBus bus;
  const auto bridge = [&](uint8_t at, uint8_t device, uint8_t to) {
    bus[{at, device, 0}][kIdentity] = 0x0001'8086;
    bus[{at, device, 0}][kHeaderType] = 0x0001'0000;
    bus[{at, device, 0}][0x18] = uint32_t{to} << 8;
  };
  bridge(0, 0, 7);
  bridge(7, 0, 3);
  bridge(7, 1, 7);
  bridge(3, 0, 0);
  bridge(3, 1, 255);
  bridge(255, 0, 7);
  EXPECT_EQ(Walk(bus).size(), 6u);
  EXPECT_LT(bus.accesses, 1000u);
}

TEST(MemoryBarTest, Rows) {
  struct Row {
    const char* name;
    uint8_t index;
    uint32_t low, low_fixed, high, high_fixed;
    std::optional<MemoryBar> bar;
    Error error = Error::kCorrupt;
  };
  const Row rows[] = {
      {"4 KiB", 1, 0xFEBF'1000, 0xFFF, 0, 0, MemoryBar{0xFEBF'1000, 0x1000}},
      {"16 KiB of 64 bits", 4, 0x0000'400C, 0x3FFF, 0x8, 0, MemoryBar{0x8'0000'4000, 0x4000}},
      {"8 GiB", 0, 0x4, 0xFFFF'FFFF, 0x10, 0x1, MemoryBar{0x10'0000'0000, 0x2'0000'0000}},
      {"ports", 0, 0xC001, 0x1F, 0, 0, std::nullopt, Error::kUnsupported},
      {"none", 0, 0, 0xFFFF'FFFF, 0, 0, std::nullopt, Error::kNotFound},
      {"no address yet", 0, 0, 0xFFF, 0, 0, std::nullopt, Error::kNotFound},
      {"half behind the last", 5, 0xFE00'0004, 0xFFF, 0, 0, std::nullopt, Error::kCorrupt},
      {"no such register", 6, 0, 0, 0, 0, std::nullopt, Error::kOutOfRange},
      {"holes in its size", 0, 0xFE00'0000, 0x10FF, 0, 0, std::nullopt, Error::kCorrupt},
  };
  for (const Row& row : rows) {
    FakeBus bus;
    FakeFunction& function = bus[{0, 3, 0}];
    function[kIdentity] = 0x1041'1AF4;
    function[kCommand] = 0x0010'0007;
    if (row.index < kBaseAddressCount) {
      function.words[4 + row.index] = row.low;
      function.fixed_bits[row.index] = row.low_fixed;
    }
    if (row.index + 1 < kBaseAddressCount) {
      function.words[5 + row.index] = row.high;
      function.fixed_bits[row.index + 1] = row.high_fixed;
    }
    const auto before = function.words;
    const auto bar = ReadMemoryBar(bus, {0, 3, 0}, row.index);
    ASSERT_EQ(bar.has_value(), row.bar.has_value()) << row.name;
    if (bar.has_value()) {
      EXPECT_EQ(bar->base, row.bar->base) << row.name;
      EXPECT_EQ(bar->size_bytes, row.bar->size_bytes) << row.name;
    } else {
      EXPECT_EQ(bar.error(), row.error) << row.name;
    }
    EXPECT_EQ(function.words, before) << row.name << ": all is as it was";
  }
}

}  // namespace
}  // namespace drivers::pci
