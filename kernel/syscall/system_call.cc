#include "kernel/syscall/system_call.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "arch/ops/system_calls.h"
#include "kernel/posix/call.h"
#include "kernel/syscall/adapt.h"
#include "kernel/syscall/call_table.h"
#include "kernel/syscall/native_calls.h"
#include "kernel/syscall/services.h"
#include "kernel/syscall/shared_block_calls.h"

namespace syscall {
namespace {

using posix::NumberedCall;

// An architecture's own calls lie far above the common ones.
constexpr uint32_t kOwnCalls = 0xf0000;

static_assert(std::ranges::all_of(arch::kSystemCalls,
                                  [](const NumberedCall& one) {
                                    return HandlerOf(one.call) != nullptr;
                                  }),
              "A call has a number and no row in kCallRows.");

intptr_t Refuse(arch::UserRegisters& registers) {
  const auto number = static_cast<uint32_t>(arch::SystemCallNumber(registers));
  TheServices().unknown_calls.Add(number);
  return posix::ReturnValueOf(posix::Errno::kNotImplemented);
}

constexpr auto kCommonEnd =
    std::ranges::lower_bound(arch::kSystemCalls, kOwnCalls, {}, &NumberedCall::number);
constexpr size_t kCommonNumbers = (kCommonEnd - 1)->number + size_t{1};

constexpr auto kHandlers = [] {
  std::array<Handler, kCommonNumbers> handlers;
  handlers.fill(Refuse);
  for (auto one = arch::kSystemCalls.begin(); one != kCommonEnd; ++one) {
    handlers[one->number] = HandlerOf(one->call);
  }
  return handlers;
}();

struct NativeRow {
  NativeCall call;
  Handler handler;
};

constexpr NativeRow kNativeRows[] = {
    {NativeCall::kBecomeNative, kAdapted<BecomeNative>},
    {NativeCall::kCreateThread, kAdapted<CreateThread>},
    {NativeCall::kSend, kAdapted<SendMessage>},
    {NativeCall::kReceive, kAdapted<ReceiveMessage>},
    {NativeCall::kCall, kAdapted<CallThread>},
    {NativeCall::kReply, kAdapted<ReplyMessage>},
    {NativeCall::kMakeSharedBlock, kAdapted<MakeSharedBlock>},
    {NativeCall::kReleaseSharedBlock, kAdapted<ReleaseSharedBlock>},
    {NativeCall::kFindSharedBlock, kAdapted<FindSharedBlock>},
};
constexpr auto kFirstNative = static_cast<uint32_t>(kNativeRows[0].call);

constexpr auto kNativeHandlers = [] {
  std::array<Handler, std::size(kNativeRows)> handlers{};
  for (const NativeRow& row : kNativeRows) {
    handlers[static_cast<uint32_t>(row.call) - kFirstNative] = row.handler;
  }
  return handlers;
}();

intptr_t ScanForOwn(arch::UserRegisters& registers) {
  const uintptr_t number = arch::SystemCallNumber(registers);
  if (number - kFirstNative < kNativeHandlers.size()) {
    return kNativeHandlers[number - kFirstNative](registers);
  }
  const auto found = std::find_if(kCommonEnd, arch::kSystemCalls.end(),
                                  [=](const NumberedCall& one) { return one.number == number; });
  return found != arch::kSystemCalls.end() ? HandlerOf(found->call)(registers) : Refuse(registers);
}

}  // namespace

intptr_t OnSystemCall(arch::UserRegisters& registers) {
  const uintptr_t number = arch::SystemCallNumber(registers);
  if (number >= kCommonNumbers) [[unlikely]]
    return ScanForOwn(registers);
  return kHandlers[number](registers);
}

}  // namespace syscall
