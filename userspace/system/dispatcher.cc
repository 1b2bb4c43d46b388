#include "userspace/system/dispatcher.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "kernel/base/check.h"

namespace dispatch {
namespace {

using drivers::DeviceDescription;
using drivers::DriverEntry;

// The kernel's routes lead to functions without an object.
Dispatcher* the_dispatcher = nullptr;

template <class... Arguments>
void ReportTo(Outlets& outlets, const char* format, Arguments... arguments) {
  char text[192];
  std::snprintf(text, sizeof text, format, arguments...);
  outlets.Report(text);
}

}  // namespace

Dispatcher::Dispatcher(DriverLoader& loader, Outlets& outlets, const atlas::InterruptTable& table)
    : loader_(loader), outlets_(outlets), table_(table) {
  CHECK(the_dispatcher == nullptr);
  the_dispatcher = this;
}

Dispatcher::~Dispatcher() {
  for (HostedDevice& device : devices()) {
    if (device.is_running()) (void)device.Stop();
  }
  for (Driver& driver : std::span(drivers_).first(driver_count_)) {
    if (driver.entry != nullptr) loader_.Discard(*driver.entry);
  }
  the_dispatcher = nullptr;
}

bool Dispatcher::AddDriver(const char* path) {
  if (driver_count_ == kMaxDrivers || std::strlen(path) > kMaxPath) {
    ReportTo(outlets_, "%s: there is no room for it", path);
    return false;
  }
  Driver& driver = drivers_[driver_count_];
  driver = {};
  std::strcpy(driver.path, path);
  if (!Load(driver)) return false;
  ++driver_count_;
  return true;
}

bool Dispatcher::Load(Driver& driver) {
  const auto loaded = loader_.Load(driver.path);
  if (!loaded.has_value()) {
    ReportTo(outlets_, "%s: %s", driver.path, loaded.error());
    return false;
  }
  driver.entry = *loaded;
  return true;
}

void Dispatcher::AddDevices(std::span<const DeviceDescription> devices) {
  for (const DeviceDescription& device : devices) {
    if (device_count_ == devices_.size()) {
      outlets_.Report("there are more devices than there is room for");
      return;
    }
    devices_[device_count_++].Describe(device, outlets_);
  }
}

bool Dispatcher::Takes(const DriverEntry& driver, const DeviceDescription& device) const {
  return std::ranges::any_of(driver.matches, [&](const DriverEntry::Match& match) {
    return match.kind != drivers::DeviceKind::kNone && match.kind == device.kind &&
           match.virtio_type == device.virtio_type;
  });
}

void Dispatcher::Bind() {
  for (size_t i = 0; i < device_count_; ++i) {
    if (!devices_[i].is_running() && failures_[i] <= kMaxRestarts) BindDevice(i);
  }
}

void Dispatcher::BindDevice(size_t index) {
  HostedDevice& device = devices_[index];
  for (size_t i = 0; i < driver_count_ && !device.is_running(); ++i) {
    Driver& driver = drivers_[i];
    if (driver.entry == nullptr || !Takes(*driver.entry, device.description())) continue;
    const Outcome started = device.Start(*driver.entry, CallHandler);
    if (!started.has_value()) {
      OnCrash(driver, started.error());
    } else if (*started == drivers::kOk) {
      ReportTo(outlets_, "%s: %s", device.description().name.data(), driver.entry->name);
    } else {
      const auto error = drivers::ResultOf(*started).error();
      ReportTo(outlets_, "%s: %s: %s", device.description().name.data(), driver.entry->name,
               base::ErrorName(error).data());
    }
  }
}

void Dispatcher::CallHandler(void* device, atlas::InterruptLine) {
  auto& hosted = *static_cast<HostedDevice*>(device);
  if (hosted.is_running()) the_dispatcher->Judge(hosted, hosted.HandleInterrupt());
}

void Dispatcher::OnInterrupt(atlas::InterruptLine line) {
  if (line >= atlas::InterruptTable::kLines) return;
  // A handler that crashes changes the table: the routes are those from before.
  std::array<atlas::InterruptRoute, atlas::InterruptTable::kRoutesPerLine> routes;
  std::ranges::copy(table_.routes[line], routes.begin());
  for (const atlas::InterruptRoute& route : routes) {
    if (route.handler == nullptr) break;
    route.handler(route.device, line);
  }
  // Of a line that nobody is attached to any more there is nothing to acknowledge.
  (void)atlas::AcknowledgeInterrupt(line);
}

base::Result<> Dispatcher::Request(drivers::DriverRequest& request) {
  for (HostedDevice& device : devices()) {
    if (!device.is_running()) continue;
    const Outcome answered = device.Request(request);
    const bool is_unknown =
        answered.has_value() && *answered == drivers::StatusOf(base::Error::kUnsupported);
    if (is_unknown) continue;
    if (!answered.has_value()) {
      Judge(device, answered);
      return std::unexpected(base::Error::kCorrupt);
    }
    return drivers::ResultOf(*answered);
  }
  return std::unexpected(base::Error::kNotFound);
}

Dispatcher::Driver* Dispatcher::FindDriver(const DriverEntry* entry) {
  const auto loaded = std::span(drivers_).first(driver_count_);
  const auto found = std::ranges::find(loaded, entry, &Driver::entry);
  return found == loaded.end() ? nullptr : &*found;
}

void Dispatcher::Judge(HostedDevice& device, const Outcome& outcome) {
  if (!outcome.has_value()) {
    OnCrash(*FindDriver(device.driver()), outcome.error());
  } else if (*outcome != drivers::kOk) {
    OnBroken(device);
  }
}

// Whatever the driver has is taken back before its pages are: its devices first.
void Dispatcher::OnCrash(Driver& driver, const Crash& crash) {
  if (crash.signal == SIGXCPU) {
    ReportTo(outlets_, "%s does not come back", driver.entry->name);
  } else {
    ReportTo(outlets_, "%s crashed: %s at %#llx", driver.entry->name, SignalName(crash.signal),
             static_cast<unsigned long long>(crash.address));
  }
  for (HostedDevice& device : devices()) {
    if (device.driver() == driver.entry) device.Abandon();
  }
  loader_.Discard(*driver.entry);
  driver.entry = nullptr;
  if (++driver.crashes > kMaxRestarts) {
    ReportTo(outlets_, "%s: it has crashed too often", driver.path);
    return;
  }
  if (!Load(driver)) return;
  ReportTo(outlets_, "%s is loaded again", driver.entry->name);
  Bind();
}

void Dispatcher::OnBroken(HostedDevice& device) {
  const auto index = static_cast<size_t>(&device - devices_.data());
  ReportTo(outlets_, "%s is broken", device.description().name.data());
  Driver& driver = *FindDriver(device.driver());
  const Outcome stopped = device.Stop();
  if (!stopped.has_value()) return OnCrash(driver, stopped.error());
  if (++failures_[index] <= kMaxRestarts) BindDevice(index);
}

void Dispatcher::CheckInvariants() const {
  for (const HostedDevice& device : devices_) {
    device.CheckInvariants();
    if (!device.is_running()) continue;
    const auto loaded = std::span(drivers_).first(driver_count_);
    CHECK(std::ranges::find(loaded, device.driver(), &Driver::entry) != loaded.end());
  }
}

}  // namespace dispatch
