#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>

#include "userspace/drivers/fake_registers.h"
#include "userspace/drivers/serial_16550.h"
#include "userspace/drivers/serial_pl011.h"

namespace drivers {
namespace {

using base::Error;

// What waits in a port; `broken` came with an error.
struct Character {
  char value;
  bool broken = false;
};

struct Fake16550 : FakeDevice {
  std::deque<Character> waiting;
  bool never_empty = false;
  bool absent = false;
  uint8_t enabled = 0;
  uint8_t modem = 0x03;
  uint8_t scratch = 0;
  int edges = 0;

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    CHECK(width_bytes == 1);
    if (absent) return 0xFF;
    switch (offset) {
      case 0: {
        if (never_empty) return 'y';
        CHECK(!waiting.empty());
        const char value = waiting.front().value;
        waiting.pop_front();
        return static_cast<uint8_t>(value);
      }
      case 1:
        return enabled;
      case 4:
        return modem;
      case 5:
        if (never_empty) return 0x61;
        return waiting.empty() ? 0x60 : waiting.front().broken ? 0x69 : 0x61;
      case 7:
        return scratch;
      default:
        CHECK(false);
        return 0;
    }
  }

  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    CHECK(width_bytes == 1);
    const auto byte = static_cast<uint8_t>(value);
    switch (offset) {
      case 1:
        if (enabled == 0 && byte != 0) ++edges;
        enabled = byte;
        return;
      case 4:
        modem = byte;
        return;
      case 7:
        scratch = byte;
        return;
      default:
        CHECK(false);
    }
  }

  FakeRegisters registers() { return {*this, 0, 8}; }
};

struct FakePl011 : FakeDevice {
  std::deque<Character> waiting;
  bool never_empty = false;
  bool absent = false;
  uint32_t mask = 0;

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    CHECK(width_bytes == 4);
    if (absent) return 0;
    switch (offset) {
      case 0x000: {
        if (never_empty) return 'y';
        CHECK(!waiting.empty());
        const Character character = waiting.front();
        waiting.pop_front();
        // An overrun alone (bit 11) breaks no character.
        return static_cast<uint8_t>(character.value) | (character.broken ? 0x200U : 0x800U);
      }
      case 0x018:
        return !never_empty && waiting.empty() ? 0x90 : 0x80;
      case 0xFE0:
        return 0x11;
      case 0xFE4:
        return 0x10;
      default:
        CHECK(false);
        return 0;
    }
  }

  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    CHECK(offset == 0x038 && width_bytes == 4);
    mask = value;
  }

  FakeRegisters registers() { return {*this, 0, 0x1000}; }
};

template <class Fake, template <class> class Port>
struct Pair {
  using Device = Fake;
  using Driver = Port<FakeRegisters>;
};

template <class P>
struct SerialTest : testing::Test {
  typename P::Device device;
  std::array<char, 16> room{};

  std::string_view Receive() {
    const auto port = P::Driver::Make(device.registers());
    CHECK(port.has_value());
    return {room.data(), port->Receive(room)};
  }
};

using Ports = testing::Types<Pair<Fake16550, Serial16550>, Pair<FakePl011, SerialPl011>>;
TYPED_TEST_SUITE(SerialTest, Ports);

TYPED_TEST(SerialTest, TakesWhatHasArrived) {
  EXPECT_EQ(this->Receive(), "");
  for (const char c : std::string_view("ls\r\xE9")) this->device.waiting.push_back({c});
  EXPECT_EQ(this->Receive(), "ls\r\xE9");
  EXPECT_EQ(this->Receive(), "");
}

TYPED_TEST(SerialTest, BrokenCharactersAreLeftOut) {
  this->device.waiting = {{'a'}, {'?', true}, {'b'}, {'?', true}};
  EXPECT_EQ(this->Receive(), "ab");
  EXPECT_TRUE(this->device.waiting.empty());
}

// However fast it comes, the driver goes home after its room is full.
TYPED_TEST(SerialTest, APortThatIsNeverEmpty) {
  this->device.never_empty = true;
  EXPECT_EQ(this->Receive(), std::string(16, 'y'));
}

TYPED_TEST(SerialTest, NothingThere) {
  this->device.absent = true;
  EXPECT_EQ(TypeParam::Driver::Make(this->device.registers()).error(), Error::kNotFound);
}

TEST(Serial16550Test, WhatIsLeftInterruptsAnew) {
  Fake16550 device;
  const auto port = Serial16550<FakeRegisters>::Make(device.registers());
  port->EnableReceiveInterrupt();
  EXPECT_EQ(device.enabled, 1);
  EXPECT_EQ(device.modem, 0x0B);
  EXPECT_EQ(device.edges, 1);
  device.waiting = {{'a'}, {'b'}, {'c'}};
  std::array<char, 2> room{};
  EXPECT_EQ(port->Receive(room), 2u);
  EXPECT_EQ(device.edges, 2);
  EXPECT_EQ(port->Receive(room), 1u);
  EXPECT_EQ(device.edges, 2) << "nothing is left";
  port->DisableReceiveInterrupt();
  EXPECT_EQ(device.enabled, 0);
}

TEST(SerialPl011Test, InterruptsOnDataAndOnTimeout) {
  FakePl011 device;
  const auto port = SerialPl011<FakeRegisters>::Make(device.registers());
  port->EnableReceiveInterrupt();
  EXPECT_EQ(device.mask, 0x50u);
  port->DisableReceiveInterrupt();
  EXPECT_EQ(device.mask, 0u);
}

}  // namespace
}  // namespace drivers
