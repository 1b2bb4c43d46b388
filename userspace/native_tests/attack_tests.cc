// Whatever a program sends, receivers get what the kernel vouches for, and everybody goes on.

#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <random>

#include "userspace/machine/system_call.h"
#include "userspace/native_tests/groups.h"
#include "userspace/native_tests/partner.h"
#include "userspace/support/probe.h"
#include "userspace/support/test.h"

namespace native {
namespace {

using atlas::Message;
using machine::SystemCall;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

constexpr long kCreateThreadCall = 0x1001;
constexpr long kSendCall = 0x1002;
constexpr long kReceiveCall = 0x1003;
constexpr long kCallCall = 0x1004;
constexpr long kReplyCall = 0x1005;

// The value of an argument: small numbers, ends of halves, and anything.
class Choices {
 public:
  uint64_t Any() {
    const uint64_t bits = random_() | static_cast<uint64_t>(random_()) << 32;
    switch (random_() % 5) {
      case 0:
        return bits % 16;
      case 1:
        return ~uint64_t{0} - bits % 4096;
      case 2:
        return uint64_t{1} << bits % 64;
      case 3:
        return bits & ~uint64_t{0xFFF};
      default:
        return bits;
    }
  }
  Message AnyMessage() {
    Message message = {.sender = static_cast<int32_t>(Any()),
                       .process = static_cast<int32_t>(Any()),
                       .function = static_cast<uint32_t>(Any()),
                       .flags = static_cast<uint32_t>(Any()),
                       .call = Any()};
    for (uint64_t& argument : message.arguments) argument = Any();
    return message;
  }

 private:
  std::minstd_rand random_;
};

void ForgedMessagesSayWhoSentThem() {
  constexpr unsigned kMessages = 20'000;
  const int32_t self = Become();
  Choices choices;
  unsigned received = 0;
  for (unsigned i = 0; i < kMessages; ++i) {
    const Message forged = choices.AnyMessage();
    if (atlas::Send(self, forged, 0) != 0) continue;
    const Message* const message = atlas::Receive(0);
    Require(message != nullptr, "what was sent");
    const bool is_stamped = message->sender == self && message->process == self &&
                            message->call == 0 && (message->flags & ~atlas::kPages) == 0;
    Require(is_stamped, "the kernel's part of it");
    Require(message->function == forged.function, "the sender's part of it");
    ++received;
  }
  // All but those that say that they bring pages.
  Expect(received > kMessages / 2, "most of them arrive");
}

// A call with anything but a long time to wait.
long CallWithAnything(Choices& choices) {
  const auto any = [&choices] { return static_cast<long>(choices.Any()); };
  const auto soon = static_cast<long>(choices.Any() % 1000);
  switch (choices.Any() % 4) {
    case 0:
      return SystemCall(kSendCall, any(), any(), soon, 0);
    case 1:
      return SystemCall(kReceiveCall, soon, 0);
    case 2:
      return SystemCall(kCallCall, any(), any(), any(), 0, soon, 0);
    default:
      return SystemCall(kReplyCall, any(), any());
  }
}

// The program may end of it; nobody else does.
int CallWithAnything(uintptr_t seed) {
  constexpr unsigned kRounds = 3000;
  Become();
  Choices choices;
  for (uintptr_t i = 0; i < seed; ++i) choices.Any();
  for (unsigned i = 0; i < kRounds; ++i) CallWithAnything(choices);
  return 0;
}

void AnyArgumentsHarmNobody() {
  for (uintptr_t seed = 0; seed < 4; ++seed) {
    ExpectEqual(support::StatusOf(CallWithAnything, seed), support::Exited(0), "all attempts");
  }
  const int32_t self = getpid();
  Require(atlas::BecomeNative() != nullptr, "goes on");
  ExpectResult(atlas::Send(self, {.function = 1}), 0, "a message");
  Await(1);
}

int Begin(uintptr_t entry) {
  Become();
  // The thread begins there, and its process ends.
  SystemCall(kCreateThreadCall, static_cast<long>(entry), 0, 0);
  while (true) SystemCall(SYS_sched_yield);
}

void ThreadsThatBeginAnywhereEnd() {
  for (const uintptr_t entry : {uintptr_t{0}, uintptr_t{8}, ~uintptr_t{0} - 7,
                                ~uintptr_t{0} / 2 + 1, ~uintptr_t{0} / 2 - 7}) {
    const int status = support::StatusOf(Begin, entry);
    Expect(status == support::Killed(SIGSEGV) || status == support::Killed(SIGILL) ||
               status == support::Killed(SIGBUS),
           "a thread that begins where no code is");
  }
}

// Who sends as fast as it can stops nobody but itself.
int Flood(int32_t victim) {
  constexpr unsigned kMessages = 50'000;
  for (unsigned i = 0; i < kMessages; ++i) {
    const long result = atlas::Send(victim, {.function = i}, 0);
    if (result != 0 && result != -EAGAIN) return 1;
  }
  return 0;
}

void AQueueOverrunStaysInItsQueue() {
  const atlas::Queue* const queue = atlas::BecomeNative();
  Require(queue != nullptr, "its queue");
  const pid_t partner = StartPartner(Flood);
  ExpectGoodEnd(partner);
  // The partner's first one, which has been received, takes room, too.
  ExpectEqual(static_cast<int64_t>(queue->arrived), 63, "what there was room for");
  ExpectEqual(queue->capacity, 63, "its header");
  uint32_t received = 0;
  while (const Message* const message = atlas::Receive(0)) {
    ExpectEqual(message->function, received++, "the first ones, in their order");
  }
  ExpectEqual(received, 62, "all of them");
  ExpectEqual(static_cast<int64_t>(queue->received), 63, "its counters");
}

}  // namespace

Group AttackTests() {
  static constexpr support::Test kTests[] = {
      {"attack: forged messages", ForgedMessagesSayWhoSentThem},
      {"attack: any arguments", AnyArgumentsHarmNobody},
      {"attack: threads that begin anywhere", ThreadsThatBeginAnywhereEnd},
      {"attack: a queue overrun", AQueueOverrunStaysInItsQueue},
  };
  return kTests;
}

}  // namespace native
