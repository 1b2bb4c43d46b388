// The system process: finds the machine's devices, loads their drivers, and calls them when devices
// interrupt. The kernel starts it before the first process, and gives it alone the right to.

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "userspace/drivers/virtio/transport.h"
#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/disk_driver.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/system/discovery.h"
#include "userspace/system/disk_pages.h"
#include "userspace/system/dispatcher.h"
#include "userspace/system/guard.h"
#include "userspace/system/hosted_device.h"
#include "userspace/system/loaded_object.h"

namespace {

using dispatch::Dispatcher;
using dispatch::LoadedObject;

constexpr const char* kDrivers = "/lib/drivers";

// A page of the program, behind its code, that the kernel writes from now on.
alignas(atlas::InterruptTable::kBytes) constinit atlas::InterruptTable table{};

class ObjectLoader final : public dispatch::DriverLoader {
 public:
  std::expected<const drivers::DriverEntry*, const char*> Load(const char* path) override {
    const auto free = std::ranges::find(objects_, false, &LoadedObject::is_loaded);
    if (free == objects_.end()) return std::unexpected("there is no room for it");
    auto loaded = LoadedObject::Load(path);
    if (!loaded.has_value()) return std::unexpected(loaded.error());
    *free = *std::move(loaded);
    return &free->entry();
  }

  void Discard(const drivers::DriverEntry& entry) override {
    for (LoadedObject& object : objects_) {
      if (object.is_loaded() && &object.entry() == &entry) object.Discard();
    }
  }

 private:
  std::array<LoadedObject, Dispatcher::kMaxDrivers> objects_;
};

class KernelOutlets final : public dispatch::Outlets {
 public:
  KernelOutlets() : random_(open("/dev/urandom", O_WRONLY | O_CLOEXEC)) {}

  // What the terminal has no room for is lost, as on any line.
  void Type(const char* characters, size_t count) override {
    while (count != 0) {
      const long taken = atlas::TypeCharacters(characters, count);
      if (taken <= 0) return;
      characters += taken;
      count -= static_cast<size_t>(taken);
    }
  }

  void Stir(const void* bytes, size_t size_bytes) override {
    if (write(random_, bytes, size_bytes) < 0) Report("random bytes are lost");
  }

  void Finish(uint64_t token, drivers::Status status) override {
    pages_->OnFinished(token, status);
  }

  void Forget(const drivers::DeviceDescription& device, Quiet quiet) override {
    if (device.virtio_type == drivers::virtio::kBlockDevice) pages_->OnForgotten(quiet);
  }

  // Before there is a driver.
  void SetPages(dispatch::DiskPages& pages) { pages_ = &pages; }

  void Report(const char* text) override {
    std::printf("drivers: %s\n", text);
    std::fflush(stdout);
  }

 private:
  int random_;
  dispatch::DiskPages* pages_ = nullptr;
};

// An earlier system process may have left them with memory that they use.
void MakeQuiet(const drivers::DeviceList& devices) {
  if (std::ranges::all_of(devices.all(), dispatch::QuietDevice)) (void)atlas::DevicesAreQuiet();
}

void LoadDrivers(Dispatcher& dispatcher, dispatch::Outlets& outlets) {
  DIR* const directory = opendir(kDrivers);
  if (directory == nullptr) return;
  while (const dirent* const entry = readdir(directory)) {
    if (!std::string_view(entry->d_name).ends_with(".so")) continue;
    char path[Dispatcher::kMaxPath + 1];
    const int size = std::snprintf(path, sizeof path, "%s/%s", kDrivers, entry->d_name);
    if (size > 0 && static_cast<size_t>(size) < sizeof path) {
      (void)dispatcher.AddDriver(path);
    } else {
      outlets.Report("a driver is left out: its file's name is too long");
    }
  }
  closedir(directory);
}

void SetClock(Dispatcher& dispatcher, dispatch::Outlets& outlets) {
  drivers::DriverRequest request{};
  request.function = drivers::RequestFunction::kReadSeconds;
  if (!dispatcher.Request(request).has_value()) return;
  timespec now{};
  now.tv_sec = static_cast<time_t>(request.result);
  if (clock_settime(CLOCK_REALTIME, &now) != 0) outlets.Report("the clock cannot be set");
}

void Stir(Dispatcher& dispatcher) {
  drivers::DriverRequest request{};
  request.function = drivers::RequestFunction::kStir;
  (void)dispatcher.Request(request);
}

[[noreturn]] void Serve(Dispatcher& dispatcher, dispatch::DiskPages& pages) {
  while (true) {
    pages.Continue();
    const atlas::Message* const message = atlas::Receive();
    if (message == nullptr) continue;
    if (atlas::IsInterrupt(*message)) {
      dispatcher.OnInterrupt(atlas::LineOf(*message));
    } else if (atlas::IsTransfer(*message)) {
      pages.OnTransfer(atlas::TransferOf(*message));
    } else if ((message->flags & atlas::kCall) != 0) {
      // Programs have nothing to ask, but who does so is not left waiting.
      (void)atlas::Reply(message->sender, {.call = message->call});
    }
  }
}

}  // namespace

int main() {
  static KernelOutlets outlets;
  if (!dispatch::PrepareGuard() || atlas::BecomeNative() == nullptr ||
      atlas::ShowInterruptTable(table) < 0) {
    outlets.Report("this is no system process");
    return 1;
  }
  static ObjectLoader loader;
  static Dispatcher dispatcher(loader, outlets, table);
  static dispatch::DiskPages pages(dispatcher, outlets);
  outlets.SetPages(pages);
  static drivers::DeviceList devices;
  dispatch::FindDevices(devices, outlets);
  MakeQuiet(devices);
  dispatcher.AddDevices(devices.all());
  LoadDrivers(dispatcher, outlets);
  dispatcher.Bind();
  SetClock(dispatcher, outlets);
  Stir(dispatcher);
  Serve(dispatcher, pages);
}
