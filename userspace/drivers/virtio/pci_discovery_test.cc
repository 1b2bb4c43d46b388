#include "userspace/drivers/virtio/pci_discovery.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <initializer_list>
#include <optional>

#include "userspace/drivers/pci/fake_bus.h"

namespace drivers::virtio {
namespace {

using base::Error;
using pci::Address;
using pci::FakeBus;
using pci::FakeFunction;

constexpr Address kAddress = {0, 3, 0};
constexpr uint32_t kBar = 0xFE00'0000;
constexpr uint32_t kBarBytes = 0x4000;

// 4.1.4: struct virtio_pci_cap at `at`.
void Capability(FakeFunction& function, uint8_t at, uint8_t next, uint8_t type, uint32_t offset,
                uint32_t size_bytes, uint8_t length = 16, uint8_t bar = 4) {
  function[at] = 0x09U | uint32_t{next} << 8 | uint32_t{length} << 16 | uint32_t{type} << 24;
  function[static_cast<uint8_t>(at + 4)] = bar;
  function[static_cast<uint8_t>(at + 8)] = offset;
  function[static_cast<uint8_t>(at + 12)] = size_bytes;
}

struct PciDiscoveryTest : testing::Test {
  // As QEMU's devices are.
  PciDiscoveryTest() {
    FakeFunction& function = bus[kAddress];
    function[pci::kIdentity] = 0x1042'1AF4;
    function[pci::kCommand] = 0x0010'0400;
    function[pci::kCapabilities] = 0x98;
    function[pci::kInterrupt] = 0x010A;
    function.SetBar(4, kBar, kBarBytes, 0xC);
    function[0x98] = 0x0011 | 0x84 << 8;  // MSI-X, of no interest
    Capability(function, 0x84, 0x70, 5, 0, 0, 20, 0);
    Capability(function, 0x70, 0x60, 2, 0x3000, 0x1000, 20);
    function[0x80] = 4;
    Capability(function, 0x60, 0x50, 4, 0x2000, 0x1000);
    Capability(function, 0x50, 0x40, 3, 0x1000, 0x1000);
    Capability(function, 0x40, 0x00, 1, 0x0000, 0x1000);
  }

  base::Result<DeviceDescription> Describe() {
    std::optional<pci::Function> found;
    pci::WalkBuses(bus, [&](const pci::Function& function) { found = function; });
    return PciDiscovery<FakeBus>::Describe(bus, *found);
  }

  FakeBus bus;
  FakeFunction& function = bus[kAddress];
};

TEST_F(PciDiscoveryTest, AModernDevice) {
  const auto device = Describe();
  ASSERT_TRUE(device.has_value());
  EXPECT_EQ(device->kind, DeviceKind::kVirtioPci);
  EXPECT_EQ(device->virtio_type, 2u);
  EXPECT_EQ(device->line, 10u);
  EXPECT_EQ(device->trigger, LineTrigger::kLevel);
  EXPECT_EQ(device->notify_multiplier, 4u);
  ASSERT_EQ(device->window_count, 4u);
  constexpr uint32_t kOffsets[] = {0, 0x3000, 0x1000, 0x2000};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(device->windows[i].base, kBar + kOffsets[i]);
    EXPECT_EQ(device->windows[i].size_bytes, 0x1000u);
  }
  EXPECT_EQ(function[pci::kCommand] & 0xFFFF, 0x6u) << "memory, master, interrupts";
}

TEST_F(PciDiscoveryTest, DevicesAreJudged) {
  struct Row {
    const char* name;
    void (*change)(FakeFunction&);
    std::optional<Error> error;
  };
  const Row rows[] = {
      {"from the time of both interfaces",
       [](FakeFunction& f) {
         f[pci::kIdentity] = 0x1001'1AF4;
         f[pci::kSubsystem] = 0x0002'0000;
       },
       std::nullopt},
      {"of another vendor", [](FakeFunction& f) { f[pci::kIdentity] = 0x1042'1AF5; },
       Error::kNotFound},
      {"of another number", [](FakeFunction& f) { f[pci::kIdentity] = 0x1080'1AF4; },
       Error::kNotFound},
      {"a bridge", [](FakeFunction& f) { f[pci::kHeaderType] = 0x0001'0000; }, Error::kNotFound},
      {"no capabilities", [](FakeFunction& f) { f[pci::kCommand] = 0; }, Error::kUnsupported},
      {"none of virtio's", [](FakeFunction& f) { f[pci::kCapabilities] = 0x0; },
       Error::kUnsupported},
      {"a list that begins in the header", [](FakeFunction& f) { f[pci::kCapabilities] = 0x3C; },
       Error::kUnsupported},
      {"a list without an end", [](FakeFunction& f) { f[0x70] = 0x0011 | 0x98 << 8; },
       Error::kUnsupported},
      {"a list that goes round after all of it",
       [](FakeFunction& f) { Capability(f, 0x40, 0x98, 1, 0, 0x1000); }, std::nullopt},
      {"no common structure", [](FakeFunction& f) { f[0x50] = (f[0x50] & ~0xFF00U); },
       Error::kUnsupported},
      {"no configuration of its own", [](FakeFunction& f) { Capability(f, 0x60, 0x50, 9, 0, 1); },
       std::nullopt},
      {"the second of a type counts nothing",
       [](FakeFunction& f) { Capability(f, 0x84, 0x70, 3, 0x1000, 4, 16); }, std::nullopt},
      {"shorter than it must be", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, 0, 0x1000, 15); },
       Error::kCorrupt},
      {"without the multiplier",
       [](FakeFunction& f) { Capability(f, 0x70, 0x60, 2, 0x3000, 0x1000, 16); }, Error::kCorrupt},
      {"across the end of the space",
       [](FakeFunction& f) {
         f[0x40] = 0xF409;
         Capability(f, 0xF0, 0x00, 1, 0, 0x1000);
         f[0x50] = (f[0x50] & ~0xFF00U) | 0xF400;
         f[0xF4] = 0x0110'0009;
       },
       Error::kCorrupt},
      {"behind its memory", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, kBarBytes, 4); },
       Error::kCorrupt},
      {"across the end of it", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, kBarBytes - 4, 8); },
       Error::kCorrupt},
      {"a length that wraps", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, 4, 0xFFFF'FFFF); },
       Error::kCorrupt},
      {"nothing of it", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, 0, 0); }, Error::kCorrupt},
      {"not aligned", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, 2, 0x100); },
       Error::kCorrupt},
      {"in a reserved place", [](FakeFunction& f) { Capability(f, 0x40, 0, 1, 0, 64, 16, 6); },
       Error::kUnsupported},
      {"in ports",
       [](FakeFunction& f) {
         f.words[4] = 0xC001;
         Capability(f, 0x40, 0, 1, 0, 64, 16, 0);
       },
       Error::kUnsupported},
      {"in memory that has no address", [](FakeFunction& f) { f.words[8] = 0xC; },
       Error::kNotFound},
  };
  const FakeFunction honest = function;
  for (const Row& row : rows) {
    function = honest;
    row.change(function);
    const auto device = Describe();
    ASSERT_EQ(device.has_value(), !row.error.has_value()) << row.name;
    if (!device.has_value()) {
      EXPECT_EQ(device.error(), row.error) << row.name;
      EXPECT_EQ(function[pci::kCommand] & pci::kCommandMaster, 0u) << row.name;
    } else {
      EXPECT_EQ(device->virtio_type, 2u) << row.name;
    }
  }
}

TEST_F(PciDiscoveryTest, AnInterruptThatLeadsNowhere) {
  function[pci::kInterrupt] = 0x01FF;
  EXPECT_EQ(Describe()->line, kNoLine);
}

}  // namespace
}  // namespace drivers::virtio
