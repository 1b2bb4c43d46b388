#include "userspace/system_tests/client.h"

#include <algorithm>

#include "userspace/libatlas/native/message.h"
#include "userspace/machine/test_device.h"
#include "userspace/support/test.h"

namespace system_tests {

using machine::TestDevice;

Answer Ask(Request request, std::initializer_list<uint64_t> arguments) {
  atlas::Message message = {.function = static_cast<uint32_t>(request)};
  std::ranges::copy(arguments, message.arguments);
  atlas::Message reply;
  constexpr uint64_t kLong = 10'000'000'000;
  support::Require(atlas::Call(atlas::kSystemThread, message, reply, kLong) == 0, "an answer");
  return {static_cast<int64_t>(reply.arguments[0]), reply.arguments[1]};
}

Handler::Handler(uint64_t number, uint64_t trigger) : number_(number) {
  support::ExpectEqual(Ask(Request::kAttach, {TestDevice::kLine, trigger, number_}).first, 0,
                       "attach");
}

Handler::~Handler() {
  support::ExpectEqual(Ask(Request::kDetach, {TestDevice::kLine, number_}).first, 0, "detach");
}

uint64_t Handler::TakeCalls() const {
  return static_cast<uint64_t>(Ask(Request::kCount, {number_}).first);
}

void ReachDevice() {
  if (TestDevice::kRegisterBytes == 0) return;
  const int64_t at =
      Ask(Request::kMapDevice, {TestDevice::kRegisters, TestDevice::kRegisterBytes}).first;
  support::Require(at > 0, "the test device");
}

}  // namespace system_tests
