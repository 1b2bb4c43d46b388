#include "userspace/system_tests/server.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdio>
#include <utility>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/machine/instruction_counter.h"
#include "userspace/machine/ports.h"
#include "userspace/machine/test_device.h"
#include "userspace/support/probe.h"
#include "userspace/system/guard.h"

namespace system_tests {
namespace {

using machine::TestDevice;

// A page of the program, which the kernel shows the table at.
alignas(atlas::InterruptTable::kBytes) constinit atlas::InterruptTable table{};
// And another one.
alignas(atlas::InterruptTable::kBytes) constinit atlas::InterruptTable other_page{};

// One that is before the program's code, among its constants.
alignas(atlas::InterruptTable::kBytes) constexpr atlas::InterruptTable early_page{};

constexpr size_t kHandlers = 16;

struct State {
  TestDevice device{0};
  std::array<uint64_t, kHandlers> calls{};
  bool is_quietened = true;
  bool interrupts_again = false;
  volatile uint64_t called_at = 0;  // instructions
  volatile uint64_t raised_at = 0;
};
State state;

void Handle(void* number, atlas::InterruptLine) {
  state.called_at = machine::ReadInstructionCounter();
  ++state.calls[reinterpret_cast<size_t>(number)];
  if (!state.is_quietened) return;
  state.device.Quiet();
  if (std::exchange(state.interrupts_again, false)) state.device.Raise();
}

atlas::InterruptRoute RouteTo(uint64_t number) {
  return {Handle, reinterpret_cast<void*>(static_cast<uintptr_t>(number % kHandlers))};
}

// What the real dispatcher does, for what an interrupt costs: the routes are those from before, and
// each handler is guarded. None of these crashes.
void Dispatch(atlas::InterruptLine line) {
  const auto routes = std::to_array(table.routes[line]);
  for (const atlas::InterruptRoute& route : routes) {
    if (route.handler == nullptr) break;
    if (!dispatch::RunGuarded([&] { route.handler(route.device, line); })) _exit(4);
  }
  static_cast<void>(atlas::AcknowledgeInterrupt(line));
}

uint64_t Result(long value) { return static_cast<uint64_t>(static_cast<int64_t>(value)); }

template <class T>
uint64_t Number(T* pointer, long error) {
  return pointer == nullptr ? Result(error) : reinterpret_cast<uintptr_t>(pointer);
}

uint64_t CountRoutes(uint64_t line) {
  uint64_t count = 0;
  for (const atlas::InterruptRoute& route : table.routes[line]) count += route.handler != nullptr;
  return count;
}

// The device interrupts while the first thread waits for messages.
void RaiseSoon(void*) {
  state.raised_at = machine::ReadInstructionCounter();
  state.device.Raise();
}

uint64_t Measure() {
  static atlas::ThreadStart start;
  start = {.run = RaiseSoon, .argument = nullptr, .thread_pointer = 0};
  state.called_at = 0;
  if (atlas::CreateThread(start) <= 0) return ~uint64_t{0};
  while (true) {
    const atlas::Message* const message = atlas::Receive();
    if (message == nullptr || !atlas::IsInterrupt(*message)) continue;
    Dispatch(atlas::LineOf(*message));
    return state.called_at - state.raised_at;
  }
}

using Arguments = uint64_t[5];

template <class T>
T* PointerOf(uint64_t address) {
  return reinterpret_cast<T*>(static_cast<uintptr_t>(address));
}

// What an access to memory or a port ends in.
uint64_t SignalOf(void (*access)(uintptr_t), uint64_t where) {
  return static_cast<uint64_t>(support::Catch(access, static_cast<uintptr_t>(where)).signal);
}

uint32_t word = 0;  // read, or to be written

void Map(const Arguments& in, Arguments& out) {
  long error = 0;
  void* const registers = atlas::MapDevice(in[0], static_cast<size_t>(in[1]), &error);
  out[0] = Number(registers, error);
  if (registers != nullptr && in[0] == TestDevice::kRegisters) {
    state.device = TestDevice(reinterpret_cast<uintptr_t>(registers));
  }
}

void Allocate(const Arguments& in, Arguments& out) {
  long error = 0;
  out[0] = Number(atlas::AllocateDeviceMemory(static_cast<size_t>(in[0]), out[1], &error), error);
}

void Unmap(const Arguments& in, Arguments& out) {
  out[0] = Result(munmap(PointerOf<void>(in[0]), static_cast<size_t>(in[1])));
}

void Read(const Arguments& in, Arguments& out) {
  out[0] = SignalOf([](uintptr_t at) { word = *PointerOf<volatile uint32_t>(at); }, in[0]);
  out[1] = word;
}

void Write(const Arguments& in, Arguments& out) {
  word = static_cast<uint32_t>(in[1]);
  const uint64_t at = in[0] == 0 ? reinterpret_cast<uintptr_t>(&table) : in[0];
  out[0] = SignalOf([](uintptr_t va) { *PointerOf<volatile uint32_t>(va) = word; }, at);
}

void ReadPort(const Arguments& in, Arguments& out) {
  out[0] = SignalOf([](uintptr_t port) { machine::ReadPort8(static_cast<uint16_t>(port)); }, in[0]);
}

void ProtectTable(const Arguments&, Arguments& out) {
  out[0] = Result(mprotect(&table, sizeof table, PROT_READ | PROT_WRITE) == 0 ? 0 : -errno);
}

void ReadTree(const Arguments&, Arguments& out) {
  out[0] = Result(atlas::ReadDeviceTree(&word, sizeof word));
  out[1] = word;
}

void ShowAgain(const Arguments&, Arguments& out) {
  out[0] = Result(atlas::ShowInterruptTable(table));
  out[1] = Result(atlas::ShowInterruptTable(other_page));
}

void Attach(const Arguments& in, Arguments& out) {
  out[0] = Result(atlas::AttachInterrupt(static_cast<uint32_t>(in[0]),
                                         static_cast<atlas::Trigger>(in[1]), RouteTo(in[2])));
}

void Detach(const Arguments& in, Arguments& out) {
  out[0] = Result(atlas::DetachInterrupt(static_cast<uint32_t>(in[0]), RouteTo(in[1])));
}

void Acknowledge(const Arguments& in, Arguments& out) {
  out[0] = Result(atlas::AcknowledgeInterrupt(static_cast<uint32_t>(in[0])));
}

void Crash(const Arguments&, Arguments&) {
  signal(SIGILL, SIG_DFL);  // faults that were caught left a handler
  __builtin_trap();
}

void Loop(const Arguments&, Arguments&) {
  signal(SIGXCPU, SIG_DFL);
  while (true) asm volatile("" : : : "memory");
}

void Execute(const Arguments& in, Arguments& out) {
  char path[] = "/init";
  char word[sizeof kWithoutRight];
  std::ranges::copy(kWithoutRight, word);
  char thread[16];
  std::snprintf(thread, sizeof thread, "%d", static_cast<int>(in[0]));
  char* const arguments[] = {path, word, thread, nullptr};
  out[0] = Result(execv(path, arguments) == 0 ? 0 : -errno);
}

struct Row {
  Request request;
  void (*run)(const Arguments& in, Arguments& out);
};

constexpr Row kRows[] = {
    {Request::kHello,
     [](const Arguments&, Arguments& out) { out[0] = static_cast<uint64_t>(getpid()); }},
    {Request::kMapDevice, Map},
    {Request::kAllocate, Allocate},
    {Request::kUnmap, Unmap},
    {Request::kQuiet,
     [](const Arguments&, Arguments& out) { out[0] = Result(atlas::DevicesAreQuiet()); }},
    {Request::kRead, Read},
    {Request::kWrite, Write},
    {Request::kReadPort, ReadPort},
    {Request::kProtectTable, ProtectTable},
    {Request::kReadTree, ReadTree},
    {Request::kShowAgain, ShowAgain},
    {Request::kAttach, Attach},
    {Request::kDetach, Detach},
    {Request::kAcknowledge, Acknowledge},
    {Request::kRoutes, [](const Arguments& in, Arguments& out) { out[0] = CountRoutes(in[0]); }},
    {Request::kRaise, [](const Arguments&, Arguments&) { state.device.Raise(); }},
    {Request::kCount,
     [](const Arguments& in, Arguments& out) {
       out[0] = std::exchange(state.calls[in[0] % kHandlers], 0);
     }},
    {Request::kStorm, [](const Arguments& in, Arguments&) { state.is_quietened = in[0] == 0; }},
    {Request::kTwice, [](const Arguments&, Arguments&) { state.interrupts_again = true; }},
    {Request::kMeasure, [](const Arguments&, Arguments& out) { out[0] = Measure(); }},
    {Request::kFork,
     [](const Arguments&, Arguments& out) { out[0] = Result(fork() < 0 ? -errno : 0); }},
    {Request::kCrash, Crash},
    {Request::kLoop, Loop},
    {Request::kExecute, Execute},
};

void Do(Request request, const Arguments& in, Arguments& out) {
  for (const Row& row : kRows) {
    if (row.request == request) row.run(in, out);
  }
}

}  // namespace

int RunWithoutRight(int32_t thread) {
  Arguments port;
  ReadPort({machine::kOpenPort}, port);
  atlas::Message message;
  message.arguments[0] = Result(atlas::AcknowledgeInterrupt(TestDevice::kLine));
  message.arguments[1] = port[0];
  return atlas::Send(thread, message) == 0 ? 0 : 1;
}

void Serve() {
  if (!dispatch::PrepareGuard() || atlas::BecomeNative() == nullptr) _exit(1);
  if (atlas::ShowInterruptTable(early_page) != -EINVAL) _exit(3);
  if (atlas::ShowInterruptTable(table) != 0) _exit(2);
  while (true) {
    const atlas::Message* const received = atlas::Receive();
    if (received == nullptr) continue;
    if (atlas::IsInterrupt(*received)) {
      Dispatch(atlas::LineOf(*received));
      continue;
    }
    const atlas::Message message = *received;
    atlas::Message reply = {.call = message.call};
    Do(static_cast<Request>(message.function), message.arguments, reply.arguments);
    static_cast<void>(atlas::Reply(message.sender, reply));
  }
}

}  // namespace system_tests
