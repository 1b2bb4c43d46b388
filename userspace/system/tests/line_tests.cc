// The interrupt line of a driver that has crashed is closed until the driver is loaded again: as
// /system/dispatcher this has the driver `bell`, and loads it again when it is told to; as the
// first process it looks at what becomes of the line. KTAP.

#include <sched.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <expected>
#include <span>
#include <string_view>
#include <utility>

#include "userspace/drivers/device_description.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/machine/test_device.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/system/dispatcher.h"
#include "userspace/system/guard.h"
#include "userspace/system/loaded_object.h"
#include "userspace/system/tests/bell.h"

namespace {

using machine::LevelDevice;
using support::Expect;
using support::ExpectEqual;
using support::Require;
using trial::BellOrder;

// Each is answered with whether the driver is loaded, and if so with how many interrupts it has
// handled; what is asked for is done first, but for crashes and loading.
enum class Question : uint32_t {
  kState = 1,
  kRaise,
  kQuiet,
  kCrash,
  kCrashInHandler,
  kLoad,
};

// --- The system process -------------------------------------------------------------------------

alignas(atlas::InterruptTable::kBytes) constinit atlas::InterruptTable table{};

// Of the device, whoever drives it.
uintptr_t registers = 0;

uint64_t Order(dispatch::Dispatcher& dispatcher, BellOrder order) {
  drivers::DriverRequest request{};
  request.offset = static_cast<uint64_t>(order);
  (void)dispatcher.Request(request);
  return request.result;
}

// Null: the driver is not loaded.
void Answer(const atlas::Message& question, dispatch::Dispatcher* dispatcher) {
  const auto asked = static_cast<Question>(question.function);
  atlas::Message reply{};
  reply.call = question.call;
  const LevelDevice device(registers);
  if (asked == Question::kRaise) device.Raise();
  if (asked == Question::kQuiet) device.Quiet();
  if (dispatcher != nullptr) {
    reply.arguments[0] = 1;
    reply.arguments[1] = Order(*dispatcher, BellOrder::kCount);
  }
  (void)atlas::Reply(question.sender, reply);
  if (dispatcher == nullptr) return;
  if (asked == Question::kCrash) (void)Order(*dispatcher, BellOrder::kCrash);
  if (asked == Question::kCrashInHandler) (void)Order(*dispatcher, BellOrder::kCrashInHandler);
}

class PatientLoader final : public dispatch::DriverLoader {
 public:
  std::expected<const drivers::DriverEntry*, const char*> Load(const char* path) override {
    if (has_crashed_) AwaitLoad();
    auto loaded = dispatch::LoadedObject::Load(path);
    if (!loaded.has_value()) return std::unexpected(loaded.error());
    object_ = *std::move(loaded);
    return &object_.entry();
  }
  void Discard(const drivers::DriverEntry&) override {
    object_.Discard();
    has_crashed_ = true;
  }

 private:
  static void AwaitLoad() {
    for (bool is_told = false; !is_told;) {
      const atlas::Message* const message = atlas::Receive();
      if (message == nullptr || atlas::IsInterrupt(*message)) continue;
      is_told = static_cast<Question>(message->function) == Question::kLoad;
      Answer(*message, nullptr);
    }
  }

  dispatch::LoadedObject object_;
  bool has_crashed_ = false;
};

class LogOutlets final : public dispatch::Outlets {
 public:
  void Type(const char*, size_t) override {}
  void Stir(const void*, size_t) override {}
  void Finish(uint64_t, drivers::Status) override {}
  void Forget(const drivers::DeviceDescription&, Quiet) override {}
  void Report(const char* text) override {
    std::printf("# %s\n", text);
    std::fflush(stdout);
  }
};

drivers::DeviceDescription Bell() {
  drivers::DeviceDescription bell{};
  bell.kind = trial::kBellKind;
  bell.line = LevelDevice::kLine;
  bell.trigger = drivers::LineTrigger::kLevel;
  bell.AddWindow({.size_bytes = LevelDevice::kRegisterBytes, .base = LevelDevice::kRegisters});
  bell.SetName("the device");
  return bell;
}

[[noreturn]] void Serve() {
  static LogOutlets outlets;
  static PatientLoader loader;
  registers = reinterpret_cast<uintptr_t>(
      atlas::MapDevice(LevelDevice::kRegisters, LevelDevice::kRegisterBytes));
  if (!dispatch::PrepareGuard() || atlas::BecomeNative() == nullptr ||
      atlas::ShowInterruptTable(table) < 0 || registers == 0) {
    _exit(1);
  }
  static dispatch::Dispatcher dispatcher(loader, outlets, table);
  const drivers::DeviceDescription devices[] = {Bell()};
  dispatcher.AddDevices(devices);
  dispatcher.AddDriver("/lib/drivers/bell.so");
  dispatcher.Bind();
  while (true) {
    const atlas::Message* const message = atlas::Receive();
    if (message == nullptr) continue;
    if (atlas::IsInterrupt(*message)) {
      dispatcher.OnInterrupt(atlas::LineOf(*message));
    } else {
      Answer(*message, &dispatcher);
    }
  }
}

// --- Who looks ----------------------------------------------------------------------------------

struct DriverState {
  bool is_loaded;
  int64_t handled;
};

// As soon as somebody receives.
DriverState Ask(Question question) {
  const atlas::Message message = {.function = static_cast<uint32_t>(question)};
  atlas::Message reply;
  for (long result; (result = atlas::Call(atlas::kSystemThread, message, reply)) != 0;) {
    Require(result == -ESRCH, "an answer");
    sched_yield();
  }
  return {reply.arguments[0] != 0, static_cast<int64_t>(reply.arguments[1])};
}

struct LineState {
  int64_t interrupts;
  bool is_open;
  int64_t handlers;
};

// A line of /proc/interrupts: its number, how many have come, and at its end "open, handlers: 1".
LineState LookAtLine() {
  char number[16];
  std::snprintf(number, sizeof number, "\n%3u: ", unsigned{LevelDevice::kLine});
  const char* const line = std::strstr(support::TextOf("/proc/interrupts"), number);
  Require(line != nullptr, "the line");
  const char* const open = std::strstr(line, "open");
  const char* const masked = std::strstr(line, "masked");
  const bool is_open = open != nullptr && (masked == nullptr || open < masked);
  return {support::NumberBehind(line, number), is_open, support::NumberBehind(line, "handlers: ")};
}

void ExpectInterrupts() {
  const DriverState driver = Ask(Question::kState);
  const LineState before = LookAtLine();
  Expect(driver.is_loaded, "the driver is loaded");
  Expect(before.is_open, "the line is open");
  ExpectEqual(before.handlers, 1, "its handlers");
  constexpr int64_t kTimes = 3;
  for (int64_t i = 0; i < kTimes; ++i) (void)Ask(Question::kRaise);
  ExpectEqual(Ask(Question::kState).handled, driver.handled + kTimes, "interrupts handled");
  ExpectEqual(LookAtLine().interrupts, before.interrupts + kTimes, "interrupts counted");
}

// Of a driver that has crashed. The device has raised its line, and does it again.
void ExpectNoInterrupts() {
  const LineState before = LookAtLine();
  Expect(!before.is_open, "the line is masked");
  ExpectEqual(before.handlers, 0, "its handlers");
  constexpr timespec kWhile = {.tv_sec = 0, .tv_nsec = 50'000'000};
  for (int i = 0; i < 3; ++i) {
    Expect(!Ask(Question::kRaise).is_loaded, "the driver is not loaded");
    nanosleep(&kWhile, nullptr);
  }
  const LineState after = LookAtLine();
  Expect(!after.is_open, "the line stays masked");
  ExpectEqual(after.interrupts, before.interrupts, "interrupts of a closed line");
}

// How many interrupts the new copy has handled when the line has been opened.
int64_t LoadAgain() {
  (void)Ask(Question::kLoad);
  Require(Ask(Question::kState).is_loaded, "the driver is loaded");
  return Ask(Question::kState).handled;
}

constexpr const char* kWaiting = "the device still has its line raised";

void ALineIsClosedWhenItsDriverCrashes() {
  // Before anybody looks: a line that nothing has come of might not be told of.
  (void)Ask(Question::kRaise);
  ExpectInterrupts();
  (void)Ask(Question::kCrash);
  Require(!Ask(Question::kState).is_loaded, "a crash");
  ExpectNoInterrupts();
  Expect(LoadAgain() > 0, kWaiting);
  ExpectInterrupts();
}

// The line is masked already: it is to be closed.
void ALineIsClosedWhenItsHandlerCrashes() {
  ExpectInterrupts();
  (void)Ask(Question::kCrashInHandler);
  (void)Ask(Question::kRaise);
  Require(!Ask(Question::kState).is_loaded, "a crash");
  ExpectNoInterrupts();
  Expect(LoadAgain() > 0, kWaiting);
  ExpectInterrupts();
}

// As a device is that was reset.
void WhatIsOverDoesNotInterrupt() {
  ExpectInterrupts();
  (void)Ask(Question::kCrashInHandler);
  (void)Ask(Question::kRaise);
  (void)Ask(Question::kQuiet);
  ExpectEqual(LoadAgain(), 0, "interrupts of before");
  ExpectInterrupts();
}

constexpr support::Test kTests[] = {
    {"a line is closed when its driver crashes", ALineIsClosedWhenItsDriverCrashes},
    {"a line is closed when its handler crashes", ALineIsClosedWhenItsHandlerCrashes},
    {"what is over when a line is opened does not interrupt", WhatIsOverDoesNotInterrupt},
};

}  // namespace

int main(int argc, char** argv) {
  if (argc > 0 && std::string_view(argv[0]) == "/system/dispatcher") Serve();
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
