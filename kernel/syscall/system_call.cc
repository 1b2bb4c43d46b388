#include "kernel/syscall/system_call.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/ops/system_calls.h"
#include "kernel/posix/call.h"
#include "kernel/syscall/adapt.h"
#include "kernel/syscall/call_table.h"
#include "kernel/syscall/device_calls.h"
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

// Calls of ours, whose numbers follow each other.
template <class Call>
struct OwnRow {
  Call call;
  Handler handler;
};

template <class Call, size_t kCount>
class OwnCalls {
 public:
  // The first row is that of the lowest number.
  explicit consteval OwnCalls(const OwnRow<Call> (&rows)[kCount])
      : first_(static_cast<uint32_t>(rows[0].call)) {
    for (const OwnRow<Call>& row : rows) {
      handlers_[static_cast<uint32_t>(row.call) - first_] = row.handler;
    }
  }

  // Null if the number is none of them.
  [[nodiscard]] constexpr Handler Find(uintptr_t number) const {
    return number - first_ < kCount ? handlers_[number - first_] : nullptr;
  }

 private:
  uint32_t first_;
  std::array<Handler, kCount> handlers_{};
};

constexpr OwnCalls kNativeCalls({
    OwnRow{NativeCall::kBecomeNative, kAdapted<BecomeNative>},
    OwnRow{NativeCall::kCreateThread, kAdapted<CreateThread>},
    OwnRow{NativeCall::kSend, kAdapted<SendMessage>},
    OwnRow{NativeCall::kReceive, kAdapted<ReceiveMessage>},
    OwnRow{NativeCall::kCall, kAdapted<CallThread>},
    OwnRow{NativeCall::kReply, kAdapted<ReplyMessage>},
    OwnRow{NativeCall::kMakeSharedBlock, kAdapted<MakeSharedBlock>},
    OwnRow{NativeCall::kReleaseSharedBlock, kAdapted<ReleaseSharedBlock>},
    OwnRow{NativeCall::kFindSharedBlock, kAdapted<FindSharedBlock>},
});

constexpr OwnCalls kDeviceCalls({
    OwnRow{DeviceCall::kShowInterruptTable, kAdapted<ShowInterruptTable>},
    OwnRow{DeviceCall::kAttachInterrupt, kAdapted<AttachInterrupt>},
    OwnRow{DeviceCall::kDetachInterrupt, kAdapted<DetachInterrupt>},
    OwnRow{DeviceCall::kAcknowledgeInterrupt, kAdapted<AcknowledgeInterrupt>},
    OwnRow{DeviceCall::kMapDevice, kAdapted<MapDevice>},
    OwnRow{DeviceCall::kAllocateDeviceMemory, kAdapted<AllocateDeviceMemory>},
    OwnRow{DeviceCall::kReadDeviceTree, kAdapted<ReadDeviceTree>},
    OwnRow{DeviceCall::kTypeCharacters, kAdapted<TypeCharacters>},
    OwnRow{DeviceCall::kOfferDisk, kAdapted<OfferDisk>},
    OwnRow{DeviceCall::kRevokeDisk, kAdapted<RevokeDisk>},
    OwnRow{DeviceCall::kFinishTransfer, kAdapted<FinishTransfer>},
    OwnRow{DeviceCall::kDevicesAreQuiet, kAdapted<DevicesAreQuiet>},
});

intptr_t ScanForOwn(arch::UserRegisters& registers) {
  const uintptr_t number = arch::SystemCallNumber(registers);
  if (const Handler handler = kNativeCalls.Find(number)) return handler(registers);
  if (const Handler handler = kDeviceCalls.Find(number)) return handler(registers);
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
