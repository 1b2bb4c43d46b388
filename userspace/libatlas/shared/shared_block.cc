#include "userspace/libatlas/shared/shared_block.h"

#include "userspace/machine/system_call.h"

namespace atlas {
namespace {

using machine::SystemCall;

// kernel/syscall/native_calls.h
constexpr long kMakeCall = 0x1006;
constexpr long kReleaseCall = 0x1007;
constexpr long kFindCall = 0x1008;

constexpr unsigned long kLowestError = static_cast<unsigned long>(-4095L);

}  // namespace

void* MakeSharedBlock(size_t bytes) {
  const auto result = static_cast<unsigned long>(SystemCall(kMakeCall, static_cast<long>(bytes)));
  return result >= kLowestError ? nullptr : reinterpret_cast<void*>(result);
}

long ReleaseSharedBlock(void* base) {
  return SystemCall(kReleaseCall, reinterpret_cast<long>(base));
}

long FindSharedBlock(const void* address, SharedBlock& block) {
  return SystemCall(kFindCall, reinterpret_cast<long>(address), reinterpret_cast<long>(&block));
}

}  // namespace atlas
