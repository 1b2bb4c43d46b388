// Who has the right, and who has not.

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/disk_driver.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/machine/ports.h"
#include "userspace/machine/test_device.h"
#include "userspace/support/probe.h"
#include "userspace/support/test.h"
#include "userspace/system_tests/client.h"
#include "userspace/system_tests/groups.h"

namespace system_tests {
namespace {

using machine::TestDevice;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;

void Start() {
  ExpectEqual(Ask(Request::kHello).first, kSystemThread, "it is there, and is the second process");
}

// Nobody but it may do any of this.
void Others() {
  alignas(atlas::InterruptTable::kBytes) static atlas::InterruptTable page;
  static const atlas::InterruptRoute route = {[](void*, atlas::InterruptLine) {}, nullptr};
  Expect(atlas::BecomeNative() != nullptr, "a native thread");
  ExpectResult(atlas::ShowInterruptTable(page), EPERM, "ShowInterruptTable");
  ExpectResult(atlas::AttachInterrupt(TestDevice::kLine, atlas::Trigger::kLevel, route), EPERM,
               "AttachInterrupt");
  ExpectResult(atlas::DetachInterrupt(TestDevice::kLine, route), EPERM, "DetachInterrupt");
  ExpectResult(atlas::AcknowledgeInterrupt(TestDevice::kLine), EPERM, "AcknowledgeInterrupt");
  long error = 0;
  Expect(atlas::MapDevice(machine::kKnownRegisters, 4096, &error) == nullptr, "MapDevice");
  ExpectResult(error, EPERM, "MapDevice");
  uint64_t physical = 0;
  Expect(atlas::AllocateDeviceMemory(4096, physical, &error) == nullptr, "AllocateDeviceMemory");
  ExpectResult(error, EPERM, "AllocateDeviceMemory");
  ExpectResult(atlas::ReadDeviceTree(&physical, sizeof physical), EPERM, "ReadDeviceTree");
  ExpectResult(atlas::TypeCharacters("reboot\n", 7), EPERM, "TypeCharacters");
  ExpectResult(atlas::OfferDisk(4096, atlas::DiskWriting::kAllowed), EPERM, "OfferDisk");
  ExpectResult(atlas::DevicesAreQuiet(), EPERM, "DevicesAreQuiet");
  ExpectResult(atlas::RevokeDisk(atlas::DiskDevice::kQuiet), EPERM, "RevokeDisk");
  ExpectResult(atlas::FinishTransfer(1, atlas::TransferEnding::kDone), EPERM, "FinishTransfer");
}

// Not even right after it ran.
void PortsOfOthers() {
  if (!machine::kHasPorts) return;
  const auto read = [](uintptr_t port) { machine::ReadPort8(static_cast<uint16_t>(port)); };
  for (int i = 0; i < 3; ++i) {
    ExpectEqual(Ask(Request::kReadPort, {machine::kOpenPort}).first, 0, "it may read ports");
    ExpectEqual(support::Catch(read, machine::kOpenPort).signal, SIGSEGV, "we may not");
  }
}

void PortsOfTheKernel() {
  for (const uint16_t port : machine::kKernelPorts) {
    ExpectEqual(Ask(Request::kReadPort, {port}).first, SIGSEGV, "the kernel's own");
  }
}

void Fork() { ExpectEqual(Ask(Request::kFork).first, -EPERM, "no child has its registers"); }

// The kernel stamps who sent a message.
void ForgedInterrupts() {
  ReachDevice();
  const Handler handler(3);
  for (uint64_t i = 0; i < 100; ++i) {
    const atlas::Message forged = {.sender = 0,
                                   .process = 0,
                                   .function = atlas::kInterruptFunction,
                                   .arguments = {TestDevice::kLine}};
    ExpectResult(atlas::Send(kSystemThread, forged), 0, "sent");
  }
  ExpectEqual(static_cast<int64_t>(handler.TakeCalls()), 0, "no handler was called");
}

// The system time of a process, as its file in /proc has it.
int64_t SystemTicksOf(long process) {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%ld/stat", process);
  char text[1024] = {};
  const int file = open(path, O_RDONLY | O_CLOEXEC);
  Expect(file >= 0 && read(file, text, sizeof text - 1) > 0, path);
  close(file);
  const char* at = std::strrchr(text, ')');
  // From the name, which is the second, to the fifteenth.
  for (int field = 2; at != nullptr && field < 15; ++field) at = std::strchr(at + 1, ' ');
  Expect(at != nullptr, "fields");
  return at == nullptr ? 0 : std::strtoll(at, nullptr, 10);
}

// What nobody uses of the processor is its.
void Idle() {
  const long process = Ask(Request::kHello).first;
  const int64_t before = SystemTicksOf(process);
  constexpr timespec kPause = {.tv_sec = 0, .tv_nsec = 300'000'000};
  ExpectResult(nanosleep(&kPause, nullptr), 0, "nanosleep");
  const int64_t passed = SystemTicksOf(process) - before;
  Expect(passed >= 20 && passed <= 40, "some thirty hundredths of a second");
  ExpectEqual(SystemTicksOf(getpid()), 0, "and nobody else's");
}

constexpr support::Test kTests[] = {
    {"right: the system process", Start},
    {"right: other processes", Others},
    {"right: ports of others", PortsOfOthers},
    {"right: ports of the kernel", PortsOfTheKernel},
    {"right: fork", Fork},
    {"right: the idle task", Idle},
    {"right: forged interrupts", ForgedInterrupts},
};

}  // namespace

Group RightTests() { return kTests; }

}  // namespace system_tests
