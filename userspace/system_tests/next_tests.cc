// System processes that were started again, and how they end.

#include <sched.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/machine/ports.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/system_tests/client.h"
#include "userspace/system_tests/groups.h"
#include "userspace/system_tests/server.h"

namespace system_tests {
namespace {

using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

constexpr atlas::Message kHello = {.function = static_cast<uint32_t>(Request::kHello)};

constexpr uint64_t kLong = 2'000'000'000;  // nanoseconds

// As soon as it answers.
pid_t WaitForNext() {
  atlas::Message reply;
  for (long result; (result = atlas::Call(atlas::kSystemThread, kHello, reply, kLong)) != 0;) {
    Require(result == -ESRCH, "there is none yet");
    sched_yield();
  }
  return static_cast<pid_t>(reply.arguments[0]);
}

// The most that is given at a time.
constexpr uint64_t kMemoryBytes = uint64_t{1} << 20;

struct DeviceMemory {
  uint64_t va;
  uint64_t physical;
};

DeviceMemory Allocate() {
  const Answer memory = Ask(Request::kAllocate, {kMemoryBytes});
  Require(memory.first > 0, "memory for devices");
  return {static_cast<uint64_t>(memory.first), memory.second};
}

// Memory that is given now, and taken back.
std::array<DeviceMemory, 8> TryMemory() {
  std::array<DeviceMemory, 8> tried;
  for (DeviceMemory& memory : tried) memory = Allocate();
  for (const DeviceMemory& memory : tried) Ask(Request::kUnmap, {memory.va, kMemoryBytes});
  return tried;
}

void SayQuiet() { ExpectEqual(Ask(Request::kQuiet).first, 0, "devices are quiet"); }

// What one leaves to its devices nobody is given until the next one says that they are quiet. Then
// it is free to the last page.
void LeavesMemory() {
  WaitForNext();
  TryMemory();
  SayQuiet();  // and the memory of the one before is back
  static_cast<void>(support::MemoryUse());
  const support::MemoryUse before;
  const DeviceMemory left = Allocate();
  atlas::Message reply;
  const atlas::Message crash = {.function = static_cast<uint32_t>(Request::kCrash)};
  ExpectResult(atlas::Call(atlas::kSystemThread, crash, reply, kLong), EOWNERDEAD, "it ends");
  WaitForNext();
  const support::MemoryUse between;
  // A page shows it the handlers of interrupts.
  constexpr int64_t kLeftKib = (kMemoryBytes + 4096) / 1024;
  ExpectEqual(before.unused_kib() - between.unused_kib(), kLeftKib, "memory in KiB that is kept");
  for (const DeviceMemory& memory : TryMemory()) {
    const bool is_apart = memory.physical + kMemoryBytes <= left.physical ||
                          left.physical + kMemoryBytes <= memory.physical;
    support::Expect(is_apart, "what is kept is not given to others");
  }
  SayQuiet();
  support::MemoryUse().ExpectIs(before);
}

// It is asked whether it comes back, and that is its end.
void TimeOver() {
  const pid_t process = WaitForNext();
  const atlas::Message loop = {.function = static_cast<uint32_t>(Request::kLoop)};
  atlas::Message reply;
  ExpectResult(atlas::Call(atlas::kSystemThread, loop, reply, kLong), EOWNERDEAD, "it ends");
  support::Expect(WaitForNext() != process, "and another one is there");
}

// Another program in its place has no right, and nobody else gets it.
void Execute() {
  Require(atlas::BecomeNative() != nullptr, "a native thread");
  const pid_t process = WaitForNext();
  const atlas::Message execute = {.function = static_cast<uint32_t>(Request::kExecute),
                                  .arguments = {static_cast<uint64_t>(gettid())}};
  atlas::Message reply;
  ExpectResult(atlas::Call(atlas::kSystemThread, execute, reply), EOWNERDEAD, "it ends");
  const atlas::Message* const told = atlas::Receive();
  Require(told != nullptr, "a message");
  ExpectEqual(told->process, process, "the process is the same");
  ExpectEqual(static_cast<int64_t>(told->arguments[0]), -EPERM, "and has no lines");
  ExpectEqual(static_cast<int64_t>(told->arguments[1]), machine::kHasPorts ? SIGSEGV : 0,
              "nor ports");
  while (kill(process, 0) == 0) sched_yield();
  ExpectResult(atlas::Call(atlas::kSystemThread, kHello, reply), ESRCH, "there is no other one");
}

constexpr support::Test kTests[] = {
    {"next: memory that is left to devices", LeavesMemory},
    {"next: it does not come back", TimeOver},
    {"next: exec", Execute},
};

}  // namespace

Group NextTests() { return kTests; }

}  // namespace system_tests
