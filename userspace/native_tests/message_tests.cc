// Messages: what arrives, when they block, and whom they wake.

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <ctime>

#include "userspace/machine/system_call.h"
#include "userspace/native_tests/groups.h"
#include "userspace/native_tests/partner.h"
#include "userspace/support/instructions.h"
#include "userspace/support/probe.h"
#include "userspace/support/test.h"

namespace native {
namespace {

using atlas::Message;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;

constexpr uint64_t kTenMilliseconds = 10'000'000;
constexpr uint64_t kSecond = 1'000'000'000;

void AMessageSaysWhoSentIt() {
  const int32_t self = Become();
  const Message forged = {.sender = 1,
                          .process = 1,
                          .function = 7,
                          .flags = ~atlas::kPages,
                          .call = 99,
                          .arguments = {1, 2, 3, 4, uint64_t{5} << 40}};
  ExpectResult(atlas::Send(self, forged), 0, "to oneself");
  const Message& message = Await(7);
  ExpectEqual(message.sender, self, "the sender is the kernel's to say");
  ExpectEqual(message.process, self, "and its process");
  ExpectEqual(message.flags, 0, "it is no call");
  ExpectEqual(static_cast<int64_t>(message.call), 0, "and has no number");
  ExpectEqual(static_cast<int64_t>(message.arguments[4]), int64_t{5} << 40, "the last argument");
}

void MessagesKeepTheirOrder() {
  const int32_t self = Become();
  uint32_t sent = 0;
  for (uint32_t received = 0; received < 500; ++received) {
    while (sent < 500 && atlas::Send(self, {.function = sent}, 0) == 0) ++sent;
    Await(received);
  }
}

void AFullQueueFailsOrBlocksAsAsked() {
  const int32_t self = Become();
  long result = 0;
  int64_t count = 0;
  while ((result = atlas::Send(self, {.function = 1}, 0)) == 0) ++count;
  ExpectEqual(count, 63, "as many as its header says");
  ExpectResult(result, EAGAIN, "full, and nobody waits");
  ExpectResult(atlas::Send(self, {.function = 1}, kTenMilliseconds), ETIMEDOUT, "full, for a time");
  Await(1);
  ExpectResult(atlas::Send(self, {.function = 1}, 0), EAGAIN, "what is received takes room");
  Await(1);
  ExpectResult(atlas::Send(self, {.function = 1}, 0), 0, "there is room");
}

int FillParent(int32_t parent) {
  for (uint32_t i = 0; i < 200; ++i) {
    if (atlas::Send(parent, {.function = i}) != 0) return 1;
  }
  return 0;
}

void SendersWaitForRoom() {
  Become();
  const pid_t partner = StartPartner(FillParent);
  usleep(20'000);
  for (uint32_t i = 0; i < 200; ++i) Await(i);
  ExpectGoodEnd(partner);
}

int SendOne(int32_t parent) {
  usleep(20'000);
  return atlas::Send(parent, {.function = 2}) == 0 ? 0 : 1;
}

// Who has waited gets the room that comes, although others ask before he runs.
void RoomIsForWhoHasWaited() {
  const int32_t self = Become();
  const pid_t partner = StartPartner(SendOne);
  uint32_t count = 0;
  while (atlas::Send(self, {.function = 1}, 0) == 0) ++count;
  usleep(40'000);
  Await(1);
  ExpectResult(atlas::Send(self, {.function = 3}, 0), EAGAIN, "for who asks later");
  for (uint32_t i = 1; i < count; ++i) Await(1);
  Await(2);
  ExpectGoodEnd(partner);
}

void ReceivingTimesOut() {
  Become();
  long error = 0;
  Expect(atlas::Receive(0, &error) == nullptr, "nothing is there");
  ExpectResult(error, EAGAIN, "and nobody waits");
  Expect(atlas::Receive(kTenMilliseconds, &error) == nullptr, "nothing comes");
  ExpectResult(error, ETIMEDOUT, "for a time");
}

int AnswerCalls(int32_t) {
  while (true) {
    const Message* const message = atlas::Receive(kSecond * 10);
    if (message == nullptr) return 1;
    if ((message->flags & atlas::kCall) == 0) return 0;
    Message reply = {.function = message->function + 1, .call = message->call};
    reply.arguments[0] = message->arguments[0] * 2;
    if (atlas::Reply(message->sender, reply) != 0) return 2;
    if (atlas::Reply(message->sender, reply) != -ESRCH) return 3;
  }
}

void CallsAreAnswered() {
  Become();
  const pid_t partner = StartPartner(AnswerCalls);
  for (uint32_t i = 0; i < 100; ++i) {
    Message reply = {};
    ExpectResult(atlas::Call(partner, {.function = i, .arguments = {i}}, reply), 0, "a call");
    ExpectEqual(reply.function, i + 1, "its reply");
    ExpectEqual(static_cast<int64_t>(reply.arguments[0]), 2 * i, "what it says");
    ExpectEqual(reply.sender, partner, "by whom");
  }
  ExpectResult(atlas::Send(partner, {.function = 0}), 0, "the end");
  ExpectGoodEnd(partner);
}

int ReplyLate(int32_t) {
  const Message call = *atlas::Receive(kSecond * 10);
  if (atlas::Receive(kSecond * 10) == nullptr) return 1;
  return atlas::Reply(call.sender, {.call = call.call}) == -ESRCH ? 0 : 2;
}

void ALateReplyIsRefused() {
  Become();
  const pid_t partner = StartPartner(ReplyLate);
  Message reply = {};
  ExpectResult(atlas::Call(partner, {}, reply, kTenMilliseconds), ETIMEDOUT, "no reply in time");
  ExpectResult(atlas::Send(partner, {}), 0, "now");
  ExpectGoodEnd(partner);
}

int32_t called_thread = 0;

int ForgeReply(int32_t parent) {
  usleep(20'000);
  // What another thread was called with is nobody else's to answer.
  for (uint64_t call = 0; call < 10; ++call) {
    if (atlas::Reply(parent, {.function = 666, .call = call}) != -ESRCH) return 1;
  }
  return atlas::Send(called_thread, {.function = 1}) == 0 ? 0 : 2;
}

void AnswerAfterAMessage(void*) {
  const Message* message = atlas::Receive();
  const int32_t caller = message->sender;
  const uint64_t call = message->call;
  atlas::Receive();
  atlas::Reply(caller, {.function = 5, .call = call});
}

void AReplyByAnotherIsRefused() {
  Become();
  StartThread(AnswerAfterAMessage, nullptr, &called_thread);
  const pid_t partner = StartPartner(ForgeReply);
  Message reply = {};
  ExpectResult(atlas::Call(called_thread, {}, reply, 10 * kSecond), 0, "a call");
  ExpectEqual(reply.function, 5, "the right one's reply");
  ExpectGoodEnd(partner);
}

int EndAfterAWhile(int32_t) {
  usleep(20'000);
  return 0;
}

void ADyingReceiverWakesItsSenders() {
  Become();
  const pid_t partner = StartPartner(EndAfterAWhile);
  while (atlas::Send(partner, {}, 0) == 0) {
  }
  ExpectResult(atlas::Send(partner, {}), EOWNERDEAD, "a sender that waits for room");
  ExpectGoodEnd(partner);
  ExpectResult(atlas::Send(partner, {}), ESRCH, "nobody is there");
}

void ADyingReceiverWakesItsCallers() {
  Become();
  const pid_t partner = StartPartner(EndAfterAWhile);
  Message reply = {};
  ExpectResult(atlas::Call(partner, {}, reply), EOWNERDEAD, "a caller");
  ExpectGoodEnd(partner);
  ExpectResult(atlas::Call(partner, {}, reply), ESRCH, "nobody is there");
}

int CallAndDie(int32_t parent) {
  Message reply = {};
  atlas::Call(parent, {.function = 3}, reply, kTenMilliseconds);
  return 0;
}

void ADeadCallerCannotBeAnswered() {
  Become();
  const pid_t partner = StartPartner(CallAndDie);
  const Message call = Await(3);
  ExpectGoodEnd(partner);
  ExpectResult(atlas::Reply(call.sender, {.call = call.call}), ESRCH, "it is gone");
}

// A thread of a process that goes on.
void EndWhenCalled(void*) { atlas::Receive(); }

void ADyingThreadWakesItsCallers() {
  Become();
  int32_t thread = 0;
  StartThread(EndWhenCalled, nullptr, &thread);
  Message reply = {};
  ExpectResult(atlas::Call(thread, {}, reply), EOWNERDEAD, "a caller");
  ExpectResult(atlas::Send(thread, {}), ESRCH, "nobody is there");
}

volatile sig_atomic_t alarms = 0;

void SetAlarm(int flags) {
  struct sigaction action = {};
  action.sa_handler = [](int) { alarms = alarms + 1; };
  action.sa_flags = flags;
  sigaction(SIGALRM, &action, nullptr);
  const itimerval soon = {.it_interval = {}, .it_value = {.tv_sec = 0, .tv_usec = 20'000}};
  setitimer(ITIMER_REAL, &soon, nullptr);
}

// Whether or not other calls go on after such a handler: the reply could come while it runs.
void AnInterruptedCallIsOver() {
  Become();
  for (const int flags : {0, SA_RESTART}) {
    const pid_t partner = StartPartner(ReplyLate);
    SetAlarm(flags);
    Message reply = {};
    ExpectResult(atlas::Call(partner, {}, reply, 10 * kSecond), EINTR, "a call");
    ExpectResult(atlas::Send(partner, {}), 0, "now");
    ExpectGoodEnd(partner);
  }
  ExpectEqual(alarms, 2, "handlers that ran");
}

void SignalsInterrupt() {
  Become();
  SetAlarm(0);
  long error = 0;
  Expect(atlas::Receive(10 * kSecond, &error) == nullptr, "no message");
  ExpectResult(error, EINTR, "but a signal");
  ExpectEqual(alarms, 1, "whose handler ran");
}

void StopFor(pid_t partner, useconds_t microseconds) {
  ExpectEqual(kill(partner, SIGSTOP), 0, "a stop");
  usleep(microseconds);
  ExpectEqual(kill(partner, SIGCONT), 0, "its end");
}

int AwaitThroughAStop(int32_t) { return atlas::Receive(10 * kSecond) != nullptr ? 0 : 1; }

void AStopDoesNotInterrupt() {
  Become();
  const pid_t partner = StartPartner(AwaitThroughAStop);
  usleep(20'000);
  StopFor(partner, 20'000);
  usleep(20'000);
  ExpectResult(atlas::Send(partner, {}), 0, "it waits still");
  ExpectGoodEnd(partner);
}

uint64_t Nanoseconds() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * kSecond + static_cast<uint64_t>(now.tv_nsec);
}

// In vain, until a stop ends that is longer.
int TimeOutInAStop(int32_t) {
  const uint64_t begin = Nanoseconds();
  long error = 0;
  if (atlas::Receive(10 * kTenMilliseconds, &error) != nullptr) return 1;
  if (error != -ETIMEDOUT) return 2;
  return Nanoseconds() - begin < 28 * kTenMilliseconds ? 0 : 3;
}

void AStopKeepsTheDeadline() {
  Become();
  const pid_t partner = StartPartner(TimeOutInAStop);
  usleep(50'000);
  StopFor(partner, 200'000);
  ExpectGoodEnd(partner);
}

void WrongPointersAreRefused() {
  const int32_t self = Become();
  using machine::SystemCall;
  constexpr long kSend = 0x1002;
  constexpr long kReceive = 0x1003;
  constexpr long kCall = 0x1004;
  constexpr long kReply = 0x1005;
  for (const long wrong : {0L, 8L, -1L, -64L, static_cast<long>(~0UL >> 1) - 8}) {
    ExpectResult(SystemCall(kSend, self, wrong, 0, 0), EFAULT, "send");
    ExpectResult(SystemCall(kCall, self, wrong, wrong, 0), EFAULT, "call");
    ExpectResult(SystemCall(kReply, self, wrong), EFAULT, "reply");
  }
  ExpectResult(SystemCall(kReceive, 0, 0), EAGAIN, "nothing came of it");
  for (const int32_t wrong : {0, -1, 1 << 30, INT32_MAX, INT32_MIN}) {
    ExpectResult(atlas::Send(wrong, {}, 0), ESRCH, "nobody has such a number");
  }
  ExpectResult(SystemCall(0x10ff), ENOSYS, "no such call");
  ExpectResult(SystemCall(0xfff), ENOSYS, "no such call");
}

void OnlyNativeThreadsReceive() {
  const pid_t child = fork();
  if (child == 0) {
    long error = 0;
    const bool is_refused = atlas::Receive(0, &error) == nullptr && error == -ENOTSUP;
    _exit(is_refused && atlas::Send(getpid(), {}, 0) == -ESRCH ? 0 : 1);
  }
  ExpectGoodEnd(child);
}

// A program that takes the place of a native one is none.
void ExecEndsIt() {
  Become();
  const pid_t partner = StartPartner([](int32_t) {
    usleep(20'000);
    char program[] = "native_tests";
    char argument[] = "end";
    char* arguments[] = {program, argument, nullptr};
    execv(support::ProgramPath(), arguments);
    return 1;
  });
  Message reply = {};
  ExpectResult(atlas::Call(partner, {}, reply), EOWNERDEAD, "the program that was called");
  ExpectGoodEnd(partner);
}

constexpr unsigned kTrips = 500;

// Messages come back; calls are answered; a function other than 0 is the end.
int Return(int32_t) {
  while (true) {
    const Message* const message = atlas::Receive();
    if (message == nullptr) return 1;
    if (message->function != 0) return 0;
    const bool is_call = (message->flags & atlas::kCall) != 0;
    const long result = is_call ? atlas::Reply(message->sender, {.call = message->call})
                                : atlas::Send(message->sender, {});
    if (result != 0) return 2;
  }
}

void TripsAreShort() {
  // Linux's, with POSIX message queues, on x86_64; on ARM it takes more.
  constexpr uint64_t kLinux = 9588;
  constexpr uint64_t kBar = kLinux / 3;
  Become();
  const pid_t partner = StartPartner(Return);
  bool is_sound = true;
  const uint64_t messages = support::InstructionsOf(
      kTrips, [&] { is_sound &= atlas::Send(partner, {}) == 0 && atlas::Receive() != nullptr; });
  Message reply = {};
  const uint64_t calls =
      support::InstructionsOf(kTrips, [&] { is_sound &= atlas::Call(partner, {}, reply) == 0; });
  std::printf("# instructions of a round trip: %u, of a call: %u\n",
              static_cast<unsigned>(messages), static_cast<unsigned>(calls));
  Expect(is_sound, "all of them");
  Expect(messages <= kBar, "messages there and back");
  Expect(calls <= kBar, "calls with their replies");
  ExpectResult(atlas::Send(partner, {.function = 1}), 0, "the end");
  ExpectGoodEnd(partner);
}

}  // namespace

Group MessageTests() {
  static constexpr support::Test kTests[] = {
      {"message: says who sent it", AMessageSaysWhoSentIt},
      {"message: order", MessagesKeepTheirOrder},
      {"message: a full queue fails or blocks", AFullQueueFailsOrBlocksAsAsked},
      {"message: senders wait for room", SendersWaitForRoom},
      {"message: room is for who has waited", RoomIsForWhoHasWaited},
      {"message: receiving times out", ReceivingTimesOut},
      {"message: calls are answered", CallsAreAnswered},
      {"message: a late reply is refused", ALateReplyIsRefused},
      {"message: a reply by another is refused", AReplyByAnotherIsRefused},
      {"message: a dying receiver wakes its senders", ADyingReceiverWakesItsSenders},
      {"message: a dying receiver wakes its callers", ADyingReceiverWakesItsCallers},
      {"message: a dead caller", ADeadCallerCannotBeAnswered},
      {"message: a dying thread wakes its callers", ADyingThreadWakesItsCallers},
      {"message: signals interrupt", SignalsInterrupt},
      {"message: an interrupted call is over", AnInterruptedCallIsOver},
      {"message: a stop does not interrupt", AStopDoesNotInterrupt},
      {"message: a stop keeps the deadline", AStopKeepsTheDeadline},
      {"message: wrong pointers and numbers", WrongPointersAreRefused},
      {"message: only native threads receive", OnlyNativeThreadsReceive},
      {"message: exec ends it", ExecEndsIt},
      {"message: instructions", TripsAreShort},
  };
  return kTests;
}

}  // namespace native
