#include "arch/arm/devices/pl011.h"

#include <gtest/gtest.h>

#include "arch/arm/devices/fake_registers.h"

namespace arch::arm {
namespace {

// Offsets of ARM DDI 0183G, table 3-1.
constexpr size_t kData = 0x000;
constexpr size_t kFlags = 0x018;
constexpr size_t kBaudInteger = 0x024;
constexpr size_t kLineControl = 0x02C;
constexpr size_t kControl = 0x030;
constexpr size_t kInterruptMask = 0x038;
constexpr size_t kInterruptClear = 0x044;

struct Pl011Test : testing::Test {
  FakeRegisters registers;
  Pl011 port{registers.mmio()};
};

TEST_F(Pl011Test, InitializesButKeepsTheSpeed) {
  registers[kBaudInteger] = 13;
  registers[kInterruptMask] = 0x7FF;
  port.Initialize();
  EXPECT_EQ(registers[kLineControl], 0x70u) << "8 bits, FIFOs";
  EXPECT_EQ(registers[kControl], 0x301u) << "on, both directions";
  EXPECT_EQ(registers[kInterruptMask], 0u);
  EXPECT_EQ(registers[kInterruptClear], 0x7FFu);
  EXPECT_EQ(registers[kBaudInteger], 13u);
}

TEST_F(Pl011Test, WritesBytesUnsigned) {
  port.Write('\xE9');
  EXPECT_EQ(registers[kData], 0xE9u);
}

TEST_F(Pl011Test, ReadsWhatHasArrived) {
  registers[kFlags] = 0x10;  // receive FIFO empty
  EXPECT_EQ(port.Read(), std::nullopt);
  registers[kFlags] = 0;
  registers[kData] = 0xF41;  // with error flags
  EXPECT_EQ(port.Read(), 'A');
}

TEST_F(Pl011Test, InterruptsOnDataAndOnTimeout) {
  port.EnableReceiveInterrupt();
  EXPECT_EQ(registers[kInterruptMask], 0x50u);
  port.DisableReceiveInterrupt();
  EXPECT_EQ(registers[kInterruptMask], 0u);
}

}  // namespace
}  // namespace arch::arm
