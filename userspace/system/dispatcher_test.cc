#include "userspace/system/dispatcher.h"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <csignal>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "userspace/drivers/virtio/transport.h"
#include "userspace/system/dispatcher_world.h"
#include "userspace/system/fake_kernel.h"
#include "userspace/system/hosted_device.h"

namespace dispatch {
namespace {

using base::Error;
using drivers::StatusOf;
using DispatcherTest = DispatcherWorld;

bool IsMapped(const volatile void* page) {
  return msync(const_cast<void*>(page), 1, MS_ASYNC) == 0;
}

TEST_F(DispatcherTest, EachDeviceGetsItsDriver) {
  AddDriver("/serial");
  AddDriver("/clock");
  EXPECT_FALSE(dispatcher.AddDriver("/missing"));
  EXPECT_TRUE(Reported("/missing: it cannot be opened"));
  AddDevice("port", DeviceKind::kSerial16550, 4);
  AddDevice("disk", DeviceKind::kVirtioPci, 10);
  AddDevice("clock", DeviceKind::kClockPl031, drivers::kNoLine);
  Bind();
  EXPECT_EQ(CountRunning(), 2);
  EXPECT_STREQ(dispatcher.devices()[0].driver()->name, "serial");
  EXPECT_FALSE(dispatcher.devices()[1].is_running());
  EXPECT_STREQ(dispatcher.devices()[2].driver()->name, "clock");
  EXPECT_EQ(kernel.RoutesOf(4), 1u);
  EXPECT_EQ(kernel.RoutesOf(10), 0u);
}

TEST_F(DispatcherTest, AllHandlersOfALineAreCalledThenItIsAcknowledged) {
  AddDriver("/serial");
  for (int i = 0; i < 9; ++i) AddDevice("port", DeviceKind::kSerial16550, 5);
  Bind();
  EXPECT_EQ(kernel.RoutesOf(5), 8u);
  EXPECT_EQ(CountRunning(), 8) << "a line has eight handlers";
  std::set<void*> called;
  behaviour.handle = [&](void* state) {
    EXPECT_TRUE(kernel.raised.contains(5));
    called.insert(state);
    return drivers::kOk;
  };
  Interrupt(5);
  EXPECT_EQ(called.size(), 8u);
  EXPECT_EQ(kernel.acknowledged, 1u);
  Interrupt(6);
  EXPECT_EQ(called.size(), 8u);
  dispatcher.OnInterrupt(atlas::InterruptTable::kLines);
}

TEST_F(DispatcherTest, ADriverThatDoesNotTakeADeviceLeavesNothing) {
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  behaviour.probe = [](void*, const DeviceDescription&, const DriverServices& services) {
    uint64_t address = 0;
    EXPECT_NE(services.allocate_for_device(services.host, 10, &address), nullptr);
    return StatusOf(Error::kNotFound);
  };
  Bind();
  EXPECT_EQ(CountRunning(), 0);
  EXPECT_EQ(kernel.RoutesOf(4), 0u);
  EXPECT_TRUE(Reported("port: serial: not found"));
  behaviour = {};
  Bind();
  EXPECT_EQ(CountRunning(), 1);
}

TEST_F(DispatcherTest, StateIsZeroedAndServicesWork) {
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  kernel.registers[0x9000'0000] = page;
  static_cast<char*>(page)[0x123] = 'r';
  const DriverServices* kept = nullptr;
  behaviour.probe = [&](void* state, const DeviceDescription&, const DriverServices& services) {
    kept = &services;
    EXPECT_EQ(std::string(static_cast<char*>(state), 100), std::string(100, '\0'));
    drivers::RegisterWindow window = {.size_bytes = 8, .base = 0x9000'0123};
    volatile void* const registers = services.map_registers(services.host, &window);
    EXPECT_NE(registers, nullptr);
    if (registers == nullptr) return StatusOf(Error::kOutOfMemory);
    EXPECT_EQ(*static_cast<volatile char*>(registers), 'r');
    window.base = 0x8000'0000;
    EXPECT_EQ(services.map_registers(services.host, &window), nullptr) << "not the device's";
    window = {.size_bytes = 0, .base = 0x9000'0000};
    EXPECT_EQ(services.map_registers(services.host, &window), nullptr);
    window = {.size_bytes = 2, .base = UINT64_MAX};
    EXPECT_EQ(services.map_registers(services.host, &window), nullptr);
    kernel.has_memory = false;
    uint64_t address = 0;
    EXPECT_EQ(services.allocate_for_device(services.host, 4096, &address), nullptr);
    kernel.has_memory = true;
    EXPECT_EQ(services.allocate_for_device(services.host, 0, &address), nullptr);
    for (int i = 0; i < 8; ++i) {
      EXPECT_NE(services.allocate_for_device(services.host, 1, &address), nullptr);
    }
    EXPECT_EQ(services.allocate_for_device(services.host, 1, &address), nullptr) << "enough";
    return drivers::kOk;
  };
  behaviour.handle = [&](void*) {
    kept->received(kept->host, "ls\r", 3);
    kept->finished(kept->host, 77, drivers::kOk);
    return drivers::kOk;
  };
  Bind();
  Interrupt(4);
  EXPECT_EQ(outlets.typed, "ls\r");
  EXPECT_EQ(outlets.finished, std::vector<uint64_t>{77});
}

// The kernel says twice that nothing comes back.
TEST_F(DispatcherTest, ADriverThatDoesNotComeBackIsLoadedAgain) {
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  Bind();
  std::raise(SIGXCPU);  // while none is called
  int asked = 0;
  behaviour.handle = [&](void*) {
    if (asked++ > 0) return drivers::kOk;
    std::raise(SIGXCPU);
    asked = 10;
    while (true) std::raise(SIGXCPU);
  };
  Interrupt(4);
  EXPECT_EQ(asked, 10) << "one time is none";
  EXPECT_TRUE(Reported("serial does not come back"));
  EXPECT_EQ(loader.loads, 2);
  EXPECT_EQ(CountRunning(), 1);
  EXPECT_EQ(kernel.acknowledged, 1u);
  // Of two calls each is asked about once.
  behaviour.handle = [](void*) {
    std::raise(SIGXCPU);
    return drivers::kOk;
  };
  Interrupt(4);
  Interrupt(4);
  EXPECT_EQ(loader.loads, 2);
}

// A crash takes back all that the driver had, of every device, and a new copy takes over.
TEST_F(DispatcherTest, ADriverThatCrashesIsLoadedAgain) {
  AddDriver("/clock");
  AddDriver("/serial");
  AddDevice("first port", DeviceKind::kSerial16550, 4);
  AddDevice("second port", DeviceKind::kSerial16550, 3);
  AddDevice("clock", DeviceKind::kClockPl031, 3);
  Bind();
  ASSERT_EQ(CountRunning(), 3);
  int left = 1;
  int handled = 0;
  behaviour.handle = [&](void*) {
    if (left > 0 && left-- > 0) CrashNow();
    ++handled;
    return drivers::kOk;
  };
  bool removed = false;
  behaviour.remove = [&] { removed = true; };
  Interrupt(4);
  EXPECT_TRUE(Reported("serial crashed: SIGILL at 0x"));
  EXPECT_TRUE(Reported("serial is loaded again"));
  EXPECT_FALSE(removed) << "nothing of it is called";
  EXPECT_EQ(CountRunning(), 3);
  EXPECT_EQ(loader.loads, 3);
  EXPECT_EQ(kernel.RoutesOf(4), 1u);
  EXPECT_EQ(kernel.RoutesOf(3), 2u);
  EXPECT_TRUE(kernel.raised.empty()) << "it is acknowledged all the same";
  Interrupt(4);
  Interrupt(3);
  EXPECT_EQ(handled, 3);
}

// Nothing takes the place of what the driver had, as it cannot be loaded again.
TEST_F(DispatcherTest, WhatADriverHadThatCrashesIsUnmapped) {
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  constexpr uint64_t kRegisters = 0x9000'0000;
  constexpr int kFlags = MAP_SHARED | MAP_ANONYMOUS;
  kernel.registers[kRegisters] = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  const volatile void* had[3] = {};
  behaviour.probe = [&](void* state, const DeviceDescription&, const DriverServices& services) {
    const drivers::RegisterWindow window = {.size_bytes = 8, .base = kRegisters};
    uint64_t address = 0;
    had[0] = state;
    had[1] = services.map_registers(services.host, &window);
    had[2] = services.allocate_for_device(services.host, 1, &address);
    return drivers::kOk;
  };
  behaviour.handle = [](void*) -> Status {
    CrashNow();
    return drivers::kOk;
  };
  Bind();
  for (const volatile void* const page : had) EXPECT_TRUE(IsMapped(page));
  loader.files.erase("/serial");
  Interrupt(4);
  EXPECT_EQ(CountRunning(), 0);
  for (const volatile void* const page : had) EXPECT_FALSE(IsMapped(page));
  EXPECT_TRUE(IsMapped(kernel.registers[kRegisters])) << "which is the kernel's";
}

// It may still write there: who has the memory next would be hurt.
TEST_F(DispatcherTest, ADeviceThatDoesNotAnswerAResetKeepsItsMemory) {
  loader.files["/disk"] = Entry("disk", DeviceKind::kVirtioMmio);
  AddDriver("/disk");
  AddDevice("disk", DeviceKind::kVirtioMmio, 5);  // without registers
  volatile char* memory = nullptr;
  behaviour.probe = [&](void*, const DeviceDescription&, const DriverServices& services) {
    if (memory != nullptr) return StatusOf(Error::kNotFound);
    uint64_t address = 0;
    memory = static_cast<char*>(services.allocate_for_device(services.host, 1, &address));
    return drivers::kOk;
  };
  Bind();
  ASSERT_NE(memory, nullptr);
  auto quiet = Outlets::Quiet::kYes;
  outlets.on_forget = [&](Outlets::Quiet how) { quiet = how; };
  behaviour.handle = [](void*) -> Status {
    CrashNow();
    return drivers::kOk;
  };
  Interrupt(5);
  EXPECT_TRUE(Reported("it keeps the memory"));
  EXPECT_EQ(quiet, Outlets::Quiet::kNo);
  EXPECT_FALSE(dispatcher.devices()[0].is_running());
  EXPECT_TRUE(IsMapped(memory));
}

// A board has places for virtio devices, of which most are empty: those keep nobody's memory.
TEST_F(DispatcherTest, AnEmptyPlaceForADeviceIsQuiet) {
  constexpr int kFlags = MAP_SHARED | MAP_ANONYMOUS;
  void* const page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  auto* const registers = static_cast<volatile uint32_t*>(page);
  kernel.registers[0x9000'0000] = page;
  DeviceDescription device = Device("disk", DeviceKind::kVirtioMmio, 5);
  device.AddWindow({.size_bytes = 0x200, .base = 0x9000'0000});
  // Of registers: what they say first, version, type, and status.
  constexpr size_t kMagic = 0, kVersion = 1, kType = 2, kStatus = 0x70 / sizeof(uint32_t);
  struct Row {
    const char* what;
    uint32_t magic, version, type;
    bool is_quiet;
  };
  for (const Row& row : {
           Row{"nothing", 0, 0, 0, true},
           Row{"a place", 0x7472'6976, 2, 0, true},
           Row{"a device", 0x7472'6976, 2, drivers::virtio::kBlockDevice, true},
           Row{"one of before 1.0", 0x7472'6976, 1, drivers::virtio::kBlockDevice, false},
       }) {
    registers[kMagic] = row.magic;
    registers[kVersion] = row.version;
    registers[kType] = row.type;
    registers[kStatus] = 0xF;
    EXPECT_EQ(QuietDevice(device), row.is_quiet) << row.what;
    EXPECT_EQ(registers[kStatus] == 0, row.is_quiet && row.type != 0) << "it is reset";
  }
}

TEST_F(DispatcherTest, OneThatGoesOnCrashingIsLeftOutAndTheOthersGoOn) {
  AddDriver("/clock");
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  AddDevice("clock", DeviceKind::kClockPl031, 4);
  Bind();
  int crashes = 0;
  behaviour.handle = [&](void* state) {
    if (dispatcher.devices()[0].is_running() && state != nullptr && crashes < 100) {
      ++crashes;
      CrashNow();
    }
    return drivers::kOk;
  };
  loader.files.erase("/clock");  // which is not there any more when it is to be loaded again
  for (int i = 0; i < 10; ++i) Interrupt(4);
  EXPECT_TRUE(Reported("it has crashed too often"));
  EXPECT_FALSE(dispatcher.devices()[0].is_running());
  EXPECT_FALSE(dispatcher.devices()[1].is_running());
  EXPECT_TRUE(Reported("/clock: it cannot be opened"));
  EXPECT_LE(crashes, 6);
}

TEST_F(DispatcherTest, CrashesWhereverTheyAre) {
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  int left = 1;
  behaviour.probe = [&](void*, const DeviceDescription&, const DriverServices&) {
    if (left > 0 && left-- > 0) CrashNow();
    return drivers::kOk;
  };
  Bind();
  EXPECT_EQ(CountRunning(), 1) << "in probe";
  left = 1;
  behaviour.request = [&](DriverRequest&) {
    if (left > 0 && left-- > 0) CrashNow();
    return drivers::kOk;
  };
  behaviour.probe = Behaviour().probe;
  DriverRequest request{};
  EXPECT_EQ(dispatcher.Request(request).error(), Error::kCorrupt);
  Check();
  EXPECT_EQ(CountRunning(), 1);
  EXPECT_TRUE(dispatcher.Request(request).has_value());
  left = 1;
  behaviour.handle = [](void*) { return StatusOf(Error::kCorrupt); };
  behaviour.remove = [&] {
    if (left > 0 && left-- > 0) CrashNow();
  };
  Interrupt(4);
  EXPECT_EQ(CountRunning(), 1) << "in remove";
  EXPECT_EQ(loader.loads, 4);
}

TEST_F(DispatcherTest, ABrokenDeviceIsStartedAgainAFewTimes) {
  AddDriver("/serial");
  AddDevice("port", DeviceKind::kSerial16550, 4);
  int probes = 0;
  int removals = 0;
  behaviour.probe = [&](void*, const DeviceDescription&, const DriverServices&) {
    ++probes;
    return drivers::kOk;
  };
  behaviour.remove = [&] { ++removals; };
  behaviour.handle = [](void*) { return StatusOf(Error::kCorrupt); };
  Bind();
  for (int i = 0; i < 10; ++i) Interrupt(4);
  EXPECT_EQ(probes, 4);
  EXPECT_EQ(removals, 4);
  EXPECT_FALSE(dispatcher.devices()[0].is_running());
  EXPECT_EQ(kernel.RoutesOf(4), 0u);
  Bind();
  EXPECT_EQ(probes, 4);
}

TEST_F(DispatcherTest, RequestsGoToWhoKnowsThem) {
  AddDriver("/clock");
  DriverRequest request{};
  EXPECT_EQ(dispatcher.Request(request).error(), Error::kNotFound);
  AddDevice("clock", DeviceKind::kClockPl031, drivers::kNoLine);
  Bind();
  behaviour.request = [](DriverRequest&) { return StatusOf(Error::kUnsupported); };
  EXPECT_EQ(dispatcher.Request(request).error(), Error::kNotFound);
  behaviour.request = [](DriverRequest& asked) {
    asked.result = 5;
    return drivers::kOk;
  };
  EXPECT_TRUE(dispatcher.Request(request).has_value());
  EXPECT_EQ(request.result, 5u);
  for (const Status nonsense : {1, -100, INT32_MIN}) {
    behaviour.request = [&](DriverRequest&) { return nonsense; };
    EXPECT_EQ(dispatcher.Request(request).error(), Error::kCorrupt) << nonsense;
  }
}

TEST_F(DispatcherTest, NoMoreThanThereIsRoomFor) {
  for (size_t i = 0; i < Dispatcher::kMaxDrivers; ++i) AddDriver("/clock");
  EXPECT_FALSE(dispatcher.AddDriver("/clock"));
  EXPECT_FALSE(dispatcher.AddDriver(std::string(128, 'x').c_str()));
  for (size_t i = 0; i <= drivers::DeviceList::kMaxDevices; ++i) {
    AddDevice("clock", DeviceKind::kClockPl031, drivers::kNoLine);
  }
  EXPECT_EQ(dispatcher.devices().size(), drivers::DeviceList::kMaxDevices);
  EXPECT_TRUE(Reported("more devices"));
}

}  // namespace
}  // namespace dispatch
