// What a dispatcher is given in tests: drivers that do as the test says, devices, and a kernel.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel/base/check.h"
#include "userspace/drivers/device_description.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/system/dispatcher.h"
#include "userspace/system/driver_loader.h"
#include "userspace/system/fake_kernel.h"
#include "userspace/system/guard.h"
#include "userspace/system/hosted_device.h"
#include "userspace/system/outlets.h"

namespace dispatch {

using drivers::DeviceDescription;
using drivers::DeviceKind;
using drivers::DriverEntry;
using drivers::DriverRequest;
using drivers::DriverServices;
using drivers::Status;

// What the drivers of these tests do, as the test at hand has it. They are plain functions, as
// those of objects are.
struct Behaviour {
  std::function<Status(void*, const DeviceDescription&, const DriverServices&)> probe =
      [](void*, const DeviceDescription&, const DriverServices&) { return drivers::kOk; };
  std::function<Status(void*)> handle = [](void*) { return drivers::kOk; };
  std::function<Status(DriverRequest&)> request = [](DriverRequest&) { return drivers::kOk; };
  std::function<void()> remove = [] {};
};
inline Behaviour behaviour;

inline Status Probe(void* state, const DeviceDescription* device, const DriverServices* services) {
  return behaviour.probe(state, *device, *services);
}
inline Status Handle(void* state) { return behaviour.handle(state); }
inline Status Request(void*, DriverRequest* request) { return behaviour.request(*request); }
inline void Remove(void*) { behaviour.remove(); }

struct FakeLoader : DriverLoader {
  std::map<std::string, DriverEntry> files;
  std::vector<std::unique_ptr<DriverEntry>> loaded;
  int loads = 0;

  std::expected<const DriverEntry*, const char*> Load(const char* path) override {
    const auto found = files.find(path);
    if (found == files.end()) return std::unexpected("it cannot be opened");
    ++loads;
    loaded.push_back(std::make_unique<DriverEntry>(found->second));
    return loaded.back().get();
  }
  void Discard(const DriverEntry& entry) override {
    CHECK(std::erase_if(loaded, [&](const auto& one) { return one.get() == &entry; }) == 1);
  }
};

struct FakeOutlets : Outlets {
  std::string typed;
  std::vector<uint64_t> finished;
  std::vector<std::string> reports;
  std::function<void(uint64_t, Status)> on_finish;
  std::function<void(Quiet)> on_forget;

  void Type(const char* characters, size_t count) override { typed.append(characters, count); }
  void Stir(const void*, size_t) override {}
  void Finish(uint64_t token, Status status) override {
    finished.push_back(token);
    if (on_finish) on_finish(token, status);
  }
  void Forget(const DeviceDescription&, Quiet quiet) override {
    if (on_forget) on_forget(quiet);
  }
  void Report(const char* text) override { reports.emplace_back(text); }
};

inline DriverEntry Entry(const char* name, DeviceKind kind) {
  DriverEntry entry{.version = drivers::kEntryVersion,
                    .state_bytes = 100,
                    .name = {},
                    .matches = {{kind, 0}, {DeviceKind::kNone, 0}},
                    .probe = Probe,
                    .handle_interrupt = Handle,
                    .request = Request,
                    .remove = Remove};
  std::strcpy(entry.name, name);
  return entry;
}

inline DeviceDescription Device(const char* name, DeviceKind kind, uint32_t line) {
  DeviceDescription device;
  device.kind = kind;
  device.line = line;
  device.SetName(name);
  return device;
}

inline void CrashNow() { __builtin_trap(); }

struct DispatcherWorld : testing::Test {
  DispatcherWorld() {
    CHECK(PrepareGuard());
    behaviour = {};
    loader.files["/serial"] = Entry("serial", DeviceKind::kSerial16550);
    loader.files["/clock"] = Entry("clock", DeviceKind::kClockPl031);
  }

  // What the test has told them to do has ended with it; the dispatcher still takes its devices
  // back.
  ~DispatcherWorld() override {
    behaviour = {};
    outlets.on_finish = nullptr;
    outlets.on_forget = nullptr;
  }

  void AddDriver(const char* path) { EXPECT_TRUE(dispatcher.AddDriver(path)); }

  void AddDevice(const char* name, DeviceKind kind, uint32_t line) {
    dispatcher.AddDevices(std::array{Device(name, kind, line)});
    Check();
  }

  void Bind() {
    dispatcher.Bind();
    Check();
  }

  void Interrupt(atlas::InterruptLine line) {
    kernel.raised.insert(line);
    dispatcher.OnInterrupt(line);
    Check();
  }

  void Check() const { dispatcher.CheckInvariants(); }

  ptrdiff_t CountRunning() {
    return std::ranges::count(dispatcher.devices(), true, &HostedDevice::is_running);
  }

  bool Reported(const std::string& text) const {
    return std::ranges::any_of(outlets.reports,
                               [&](const std::string& report) { return report.contains(text); });
  }

  FakeKernel kernel;
  FakeLoader loader;
  FakeOutlets outlets;
  Dispatcher dispatcher{loader, outlets, kernel.table};
};

}  // namespace dispatch
