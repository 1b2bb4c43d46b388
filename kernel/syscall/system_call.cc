#include "kernel/syscall/system_call.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/ops/system_calls.h"
#include "kernel/posix/call.h"
#include "kernel/syscall/adapt.h"
#include "kernel/syscall/call_table.h"
#include "kernel/syscall/services.h"

namespace syscall {
namespace {

using posix::NumberedCall;

// An architecture's own calls lie far above the common ones.
constexpr uint32_t kOwnCalls = 0xf0000;

constexpr auto kCommonEnd =
    std::ranges::lower_bound(arch::kSystemCalls, kOwnCalls, {}, &NumberedCall::number);
constexpr size_t kCommonNumbers = (kCommonEnd - 1)->number + size_t{1};

// Null where there is none.
constexpr auto kHandlers = [] {
  std::array<Handler, kCommonNumbers> handlers{};
  for (auto one = arch::kSystemCalls.begin(); one != kCommonEnd; ++one) {
    handlers[one->number] = HandlerOf(one->call);
  }
  return handlers;
}();

Handler ScanForOwn(uintptr_t number) {
  const auto found = std::find_if(kCommonEnd, arch::kSystemCalls.end(),
                                  [=](const NumberedCall& one) { return one.number == number; });
  return found != arch::kSystemCalls.end() ? HandlerOf(found->call) : nullptr;
}

intptr_t Refuse(uintptr_t number) {
  TheServices().unknown_calls.Add(static_cast<uint32_t>(number));
  return posix::ReturnValueOf(posix::Errno::kNotImplemented);
}

}  // namespace

void OnSystemCall(arch::UserRegisters& registers) {
  const uintptr_t number = arch::SystemCallNumber(registers);
  const Handler handler = number < kCommonNumbers ? kHandlers[number] : ScanForOwn(number);
  arch::SetResult(registers, handler != nullptr ? handler(registers) : Refuse(number));
}

}  // namespace syscall
