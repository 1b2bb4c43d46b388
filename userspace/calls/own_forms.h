// Calls that Linux does not have: native threads and messages, shared memory, and what only the
// system process may.
#pragma once

#include <array>
#include <cerrno>
#include <cstdint>

#include "userspace/calls/call_form.h"

namespace calls {

// kernel/syscall/native_calls.h and device_calls.h
inline constexpr uint32_t kFirstNativeCall = 0x1000;
inline constexpr uint32_t kFirstDeviceCall = 0x1100;
// It fails at once, and does nothing, in who is no native thread.
inline constexpr uint32_t kReceiveCall = kFirstNativeCall + 3;

inline constexpr size_t kMessageBytes = 64;

[[nodiscard]] constexpr CallForm Own(uint32_t number, const char* name,
                                     const std::array<Argument, kMostArguments>& arguments,
                                     const Outcomes& good, Trial trial = Trial::kAll) {
  return {.call = posix::Call::kCount,
          .name = name,
          .arguments = arguments,
          .good = good,
          .trial = trial,
          .own_number = number};
}

inline constexpr CallForm kNativeForms[] = {
    // Of another entry than none, the caller goes on there.
    Own(kFirstNativeCall, "become native", {Fixed(0), Number(0)}, {0, EEXIST}),
    // Wherever the thread begins, its process ends there.
    Own(kFirstNativeCall + 1, "create a thread", {}, {0}, Trial::kNone),
    Own(kFirstNativeCall + 2, "send", {Of(Kind::kSelf), In(kMessageBytes), Long()}, {ESRCH}),
    Own(kReceiveCall, "receive", {Long()}, {ENOTSUP}),
    Own(kFirstNativeCall + 4, "call",
        {Of(Kind::kSelf), In(kMessageBytes), Untouched(Out(kMessageBytes)), Long()}, {ESRCH}),
    Own(kFirstNativeCall + 5, "reply", {Of(Kind::kSelf), In(kMessageBytes)}, {ESRCH}),
    Own(kFirstNativeCall + 6, "make a shared block", {Size(kPageBytes, {0, EINVAL, ENOMEM})},
        {0, ENOMEM}),
    Own(kFirstNativeCall + 7, "release a shared block", {Range({EINVAL})}, {EINVAL}),
    Own(kFirstNativeCall + 8, "find a shared block",
        {Range({ENOENT}, {ENOENT}, {ENOENT}, {ENOENT}), Untouched(Out(24))}, {ENOENT}),
};

// Refused, whatever the arguments are.
inline constexpr Outcomes kRefused = {EPERM};
inline constexpr Argument kAnyRange = Range(kRefused, kRefused, kRefused, kRefused);

inline constexpr CallForm kDeviceForms[] = {
    Own(kFirstDeviceCall, "show the interrupt table", {kAnyRange}, kRefused),
    Own(kFirstDeviceCall + 1, "attach an interrupt", {Small(), Small(), kAnyRange, Number(0)},
        kRefused),
    Own(kFirstDeviceCall + 2, "detach an interrupt", {Small(), kAnyRange, Number(0)}, kRefused),
    Own(kFirstDeviceCall + 3, "acknowledge an interrupt", {Small()}, kRefused),
    Own(kFirstDeviceCall + 4, "map a device", {Long(), Size(kPageBytes, kRefused)}, kRefused),
    Own(kFirstDeviceCall + 5, "allocate memory of a device",
        {Size(kPageBytes, kRefused), With(Out(8), kRefused)}, kRefused),
    Own(kFirstDeviceCall + 6, "read the device tree", {With(Out(64), kRefused), Size(64, kRefused)},
        kRefused),
    Own(kFirstDeviceCall + 7, "type characters", {With(In(8), kRefused), Size(8, kRefused)},
        kRefused),
    Own(kFirstDeviceCall + 8, "offer a disk", {Long(), Small()}, kRefused),
    Own(kFirstDeviceCall + 9, "revoke a disk", {Small()}, kRefused),
    Own(kFirstDeviceCall + 10, "finish a transfer", {Small(), Small()}, kRefused),
    Own(kFirstDeviceCall + 11, "say that devices are quiet", {}, kRefused),
};

}  // namespace calls
