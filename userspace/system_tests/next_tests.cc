// System processes that were started again, and how they end.

#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/machine/ports.h"
#include "userspace/support/test.h"
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
    {"next: it does not come back", TimeOver},
    {"next: exec", Execute},
};

}  // namespace

Group NextTests() { return kTests; }

}  // namespace system_tests
