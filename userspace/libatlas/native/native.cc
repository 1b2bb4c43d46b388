#include <sys/syscall.h>

#include <cerrno>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/machine/system_call.h"
#include "userspace/machine/thread_entry.h"

namespace atlas {
namespace {

using machine::SystemCall;

// kernel/syscall/native_calls.h
constexpr long kBecomeNativeCall = 0x1000;
constexpr long kCreateThreadCall = 0x1001;
constexpr long kSendCall = 0x1002;
constexpr long kReceiveCall = 0x1003;
constexpr long kCallCall = 0x1004;
constexpr long kReplyCall = 0x1005;

constexpr long kLowestError = -4095;

template <class T>
long AddressOf(const T& object) {
  return reinterpret_cast<long>(&object);
}

// A number of 64 bits takes two registers of 32.
constexpr bool kIsNarrow = sizeof(long) < sizeof(uint64_t);
long Low(uint64_t number) { return static_cast<long>(number); }
long High(uint64_t number) { return static_cast<long>(number >> 32); }

bool IsError(long result) { return result < 0 && result >= kLowestError; }

}  // namespace

long Send(int32_t thread, const Message& message, uint64_t nanoseconds) {
  return SystemCall(kSendCall, thread, AddressOf(message), Low(nanoseconds), High(nanoseconds));
}

long Call(int32_t thread, const Message& message, Message& reply, uint64_t nanoseconds) {
  if constexpr (kIsNarrow) {
    return SystemCall(kCallCall, thread, AddressOf(message), AddressOf(reply), 0, Low(nanoseconds),
                      High(nanoseconds));
  }
  return SystemCall(kCallCall, thread, AddressOf(message), AddressOf(reply), Low(nanoseconds));
}

const Message* Receive(uint64_t nanoseconds, long* error) {
  const long result = SystemCall(kReceiveCall, Low(nanoseconds), High(nanoseconds));
  if (!IsError(result)) return reinterpret_cast<const Message*>(result);
  if (error != nullptr) *error = result;
  return nullptr;
}

long Reply(int32_t thread, const Message& message) {
  return SystemCall(kReplyCall, thread, AddressOf(message));
}

const Queue* BecomeNative(long* error) {
  const long result = SystemCall(kBecomeNativeCall, 0, 0);
  if (!IsError(result)) return reinterpret_cast<const Queue*>(result);
  if (error != nullptr) *error = result;
  return nullptr;
}

long CreateThread(const ThreadStart& start) {
  return SystemCall(kCreateThreadCall, reinterpret_cast<long>(machine::ThreadEntry),
                    AddressOf(start), static_cast<long>(start.thread_pointer));
}

long EnterNative(const ThreadStart& start) {
  return SystemCall(kBecomeNativeCall, reinterpret_cast<long>(machine::ThreadEntry),
                    AddressOf(start));
}

}  // namespace atlas

extern "C" [[noreturn]] void AtlasThreadMain(const atlas::ThreadStart* start) {
  const atlas::ThreadStart copy = *start;
  copy.run(copy.argument);
  while (true) machine::SystemCall(SYS_exit, 0);
}
