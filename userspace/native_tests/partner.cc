#include "userspace/native_tests/partner.h"

#include <sys/wait.h>
#include <unistd.h>

#include "userspace/support/probe.h"
#include "userspace/support/test.h"

namespace native {
namespace {

constexpr uint32_t kHello = 0x4845;

}  // namespace

int32_t Become() {
  support::Require(atlas::BecomeNative() != nullptr, "becomes native");
  return getpid();
}

pid_t StartPartner(int (*run)(int32_t parent)) {
  const int32_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    if (atlas::BecomeNative() == nullptr) _exit(100);
    if (atlas::Send(parent, {.function = kHello}) != 0) _exit(101);
    _exit(run(parent));
  }
  support::Require(child > 0, "fork");
  Await(kHello);
  return child;
}

void ExpectGoodEnd(pid_t partner) {
  int status = 0;
  support::ExpectEqual(waitpid(partner, &status, 0), partner, "waitpid");
  support::ExpectEqual(status, support::Exited(0), "the partner's end");
}

const atlas::Message& Await(uint32_t function) {
  constexpr uint64_t kLong = 10'000'000'000;
  const atlas::Message* const message = atlas::Receive(kLong);
  support::Require(message != nullptr, "a message");
  support::ExpectEqual(message->function, function, "its function");
  return *message;
}

void StartThread(void (*run)(void*), void* argument, int32_t* number) {
  // They have to stay; a test is a process, and makes few.
  constexpr unsigned kMost = 4;
  static atlas::ThreadStart starts[kMost];
  static unsigned started = 0;
  support::Require(started < kMost, "few threads");
  atlas::ThreadStart& start = starts[started++];
  start = {.run = run, .argument = argument, .thread_pointer = 0};
  const long result = atlas::CreateThread(start);
  support::Require(result > 0, "a native thread");
  if (number != nullptr) *number = static_cast<int32_t>(result);
}

}  // namespace native
