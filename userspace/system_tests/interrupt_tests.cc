// Interrupts: from the device to its handlers, and back.

#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/machine/test_device.h"
#include "userspace/support/test.h"
#include "userspace/system_tests/client.h"
#include "userspace/system_tests/groups.h"

namespace system_tests {
namespace {

using machine::TestDevice;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;

constexpr uint64_t kLine = TestDevice::kLine;

void Table() {
  const Answer again = Ask(Request::kShowAgain);
  ExpectEqual(again.first, -EEXIST, "it is shown once");
  ExpectEqual(static_cast<int64_t>(again.second), -EEXIST, "and at one place");
  ExpectEqual(Ask(Request::kWrite, {0, 1}).first, SIGSEGV, "nobody writes to it");
  ExpectEqual(Ask(Request::kProtectTable).first, -EACCES, "nor may change that");
  ExpectEqual(Ask(Request::kRoutes, {kLine}).first, 0, "it is empty");
  {
    const Handler first(1);
    const Handler second(2);
    ExpectEqual(Ask(Request::kRoutes, {kLine}).first, 2, "two handlers");
  }
  ExpectEqual(Ask(Request::kRoutes, {kLine}).first, 0, "none again");
}

void Attach() {
  const Handler first(0);
  ExpectEqual(Ask(Request::kAttach, {kLine, Handler::kLevel, 0}).first, -EEXIST, "it is there");
  ExpectEqual(Ask(Request::kAttach, {kLine, Handler::kEdge, 1}).first, -EINVAL, "another trigger");
  ExpectEqual(Ask(Request::kAttach, {kLine, 7, 1}).first, -EINVAL, "no trigger");
  ExpectEqual(Ask(Request::kAttach, {1000, Handler::kLevel, 1}).first, -EINVAL, "no line");
  for (uint64_t number = 1; number < 8; ++number) {
    ExpectEqual(Ask(Request::kAttach, {kLine, Handler::kLevel, number}).first, 0, "up to eight");
  }
  ExpectEqual(Ask(Request::kAttach, {kLine, Handler::kLevel, 8}).first, -ENOSPC, "no more");
  for (uint64_t number = 1; number < 8; ++number) {
    ExpectEqual(Ask(Request::kDetach, {kLine, number}).first, 0, "detach");
  }
  ExpectEqual(Ask(Request::kDetach, {kLine, 1}).first, -ENOENT, "it is not there");
  ExpectEqual(Ask(Request::kAcknowledge, {kLine}).first, -ENOENT, "nothing to be acknowledged");
}

void Deliver(uint64_t trigger) {
  ReachDevice();
  const Handler first(4, trigger);
  const Handler second(5, trigger);
  static_cast<void>(first.TakeCalls());
  static_cast<void>(second.TakeCalls());
  constexpr int64_t kTimes = 50;
  for (int64_t i = 0; i < kTimes; ++i) Ask(Request::kRaise);
  ExpectEqual(static_cast<int64_t>(first.TakeCalls()), kTimes, "each one, by the first handler");
  ExpectEqual(static_cast<int64_t>(second.TakeCalls()), kTimes, "and by the second");
}
void Levels() { Deliver(Handler::kLevel); }
void Edges() { Deliver(Handler::kEdge); }

// The device interrupts once more before the first one is acknowledged.
void Again(uint64_t trigger) {
  ReachDevice();
  const Handler handler(6, trigger);
  static_cast<void>(handler.TakeCalls());
  constexpr int64_t kTimes = 20;
  for (int64_t i = 0; i < kTimes; ++i) {
    Ask(Request::kTwice);
    Ask(Request::kRaise);
    Ask(Request::kHello);
  }
  ExpectEqual(static_cast<int64_t>(handler.TakeCalls()), 2 * kTimes, "none is lost");
}
void LevelsAgain() { Again(Handler::kLevel); }
void EdgesAgain() { Again(Handler::kEdge); }

uint64_t Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

// How much a program gets done in a while.
uint64_t Work() {
  constexpr uint64_t kWhile = 300'000'000;
  constexpr unsigned kPiece = 1000;
  uint64_t done = 0;
  for (const uint64_t end = Nanoseconds() + kWhile; Nanoseconds() < end; ++done) {
    for (unsigned i = 0; i < kPiece; ++i) asm volatile("" : : : "memory");
  }
  return done;
}

// No handler quietens the device: it interrupts as soon as it is acknowledged, again and again.
void Storm() {
  ReachDevice();
  const uint64_t before = Work();
  const Handler handler(7);
  static_cast<void>(handler.TakeCalls());
  Ask(Request::kStorm, {1});
  Ask(Request::kRaise);
  const uint64_t meanwhile = Work();
  const uint64_t calls = handler.TakeCalls();
  Ask(Request::kStorm, {0});
  std::printf("# storm: %llu interrupts; others did %llu of %llu pieces of work\n",
              static_cast<unsigned long long>(calls), static_cast<unsigned long long>(meanwhile),
              static_cast<unsigned long long>(before));
  Expect(calls > 1000, "it is a storm");
  Expect(meanwhile > before / 3, "others go on");
  Ask(Request::kHello);
  static_cast<void>(handler.TakeCalls());
  Ask(Request::kHello);
  ExpectEqual(static_cast<int64_t>(handler.TakeCalls()), 0, "and it ends");
}

// Messages leave no room in the queue: the interrupt comes when there is some.
void FullQueue() {
  ReachDevice();
  const Handler handler(8);
  static_cast<void>(handler.TakeCalls());
  constexpr int64_t kTimes = 10;
  for (int64_t i = 0; i < kTimes; ++i) {
    const atlas::Message raise = {.function = static_cast<uint32_t>(Request::kRaise)};
    const atlas::Message other = {.function = static_cast<uint32_t>(Request::kHello)};
    ExpectResult(atlas::Send(kSystemThread, raise), 0, "sent");
    while (atlas::Send(kSystemThread, other, 0) == 0) {
    }
  }
  ExpectEqual(static_cast<int64_t>(handler.TakeCalls()), kTimes, "none is lost");
}

// Under -icount an instruction is a nanosecond, and the counter shows it.
void Latency() {
  ReachDevice();
  const Handler handler(9);
  uint64_t least = ~uint64_t{0};
  uint64_t most = 0;
  constexpr int kTimes = 20;
  for (int i = 0; i < kTimes; ++i) {
    const auto taken = static_cast<uint64_t>(Ask(Request::kMeasure).first);
    least = taken < least ? taken : least;
    most = taken > most ? taken : most;
  }
  std::printf("# interrupt to handler: %llu to %llu instructions\n",
              static_cast<unsigned long long>(least), static_cast<unsigned long long>(most));
  constexpr uint64_t kBar = 3000;
  Expect(most < kBar, "fewer than 3,000 instructions");
}

constexpr support::Test kTests[] = {
    {"interrupts: the table", Table},
    {"interrupts: attach", Attach},
    {"interrupts: levels", Levels},
    {"interrupts: edges", Edges},
    {"interrupts: levels again", LevelsAgain},
    {"interrupts: edges again", EdgesAgain},
    {"interrupts: a storm", Storm},
    {"interrupts: a full queue", FullQueue},
    {"interrupts: instructions", Latency},
};

// The system process dies in the middle of a storm.
void End() {
  ReachDevice();
  const int64_t memory = Ask(Request::kAllocate, {1 << 20}).first;
  Expect(memory > 0, "device memory");
  Ask(Request::kAttach, {kLine, Handler::kLevel, 1});
  Ask(Request::kStorm, {1});
  Ask(Request::kRaise);
  atlas::Message reply;
  const atlas::Message crash = {.function = static_cast<uint32_t>(Request::kCrash)};
  ExpectResult(atlas::Call(kSystemThread, crash, reply), EOWNERDEAD, "it ends");
  ExpectResult(atlas::Send(kSystemThread, crash), ESRCH, "and is gone");
  Expect(Work() > 0, "others go on");
  ExpectResult(kill(kSystemThread, 0) == 0 ? 0 : -errno, ESRCH, "nothing is left of it");
}

constexpr support::Test kEndTests[] = {
    {"end: in a storm", End},
};

}  // namespace

Group InterruptTests() { return kTests; }
Group EndTests() { return kEndTests; }

}  // namespace system_tests
