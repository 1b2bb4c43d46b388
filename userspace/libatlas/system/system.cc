#include <sys/syscall.h>

#include "userspace/libatlas/system/devices.h"
#include "userspace/libatlas/system/disk_driver.h"
#include "userspace/libatlas/system/interrupts.h"
#include "userspace/machine/system_call.h"

namespace atlas {
namespace {

using machine::SystemCall;

// kernel/syscall/device_calls.h
constexpr long kShowInterruptTableCall = 0x1100;
constexpr long kAttachInterruptCall = 0x1101;
constexpr long kDetachInterruptCall = 0x1102;
constexpr long kAcknowledgeInterruptCall = 0x1103;
constexpr long kMapDeviceCall = 0x1104;
constexpr long kAllocateDeviceMemoryCall = 0x1105;
constexpr long kReadDeviceTreeCall = 0x1106;
constexpr long kTypeCharactersCall = 0x1107;
constexpr long kOfferDiskCall = 0x1108;
constexpr long kRevokeDiskCall = 0x1109;
constexpr long kFinishTransferCall = 0x110a;
constexpr long kDevicesAreQuietCall = 0x110b;

constexpr long kLowestError = -4095;

template <class T>
long AddressOf(T* object) {
  return reinterpret_cast<long>(object);
}

void* PointerOr(long result, long* error) {
  const bool is_error = result < 0 && result >= kLowestError;
  if (!is_error) return reinterpret_cast<void*>(result);
  if (error != nullptr) *error = result;
  return nullptr;
}

}  // namespace

long ShowInterruptTable(const InterruptTable& place) {
  return SystemCall(kShowInterruptTableCall, AddressOf(&place));
}

long AttachInterrupt(InterruptLine line, Trigger trigger, const InterruptRoute& route) {
  return SystemCall(kAttachInterruptCall, static_cast<long>(line), static_cast<long>(trigger),
                    reinterpret_cast<long>(route.handler), AddressOf(route.device));
}

long DetachInterrupt(InterruptLine line, const InterruptRoute& route) {
  return SystemCall(kDetachInterruptCall, static_cast<long>(line),
                    reinterpret_cast<long>(route.handler), AddressOf(route.device));
}

long AcknowledgeInterrupt(InterruptLine line) {
  return SystemCall(kAcknowledgeInterruptCall, static_cast<long>(line));
}

void* MapDevice(uint64_t physical, size_t size_bytes, long* error) {
  const auto low = static_cast<long>(physical);
  const auto size = static_cast<long>(size_bytes);
  // A number of 64 bits takes two registers of 32.
  if constexpr (sizeof(long) < sizeof(uint64_t)) {
    return PointerOr(SystemCall(kMapDeviceCall, low, static_cast<long>(physical >> 32), size),
                     error);
  }
  return PointerOr(SystemCall(kMapDeviceCall, low, size), error);
}

void* AllocateDeviceMemory(size_t size_bytes, uint64_t& physical, long* error) {
  return PointerOr(
      SystemCall(kAllocateDeviceMemoryCall, static_cast<long>(size_bytes), AddressOf(&physical)),
      error);
}

long DevicesAreQuiet() { return SystemCall(kDevicesAreQuietCall); }

long ReadDeviceTree(void* buffer, size_t size_bytes) {
  return SystemCall(kReadDeviceTreeCall, AddressOf(buffer), static_cast<long>(size_bytes));
}

long TypeCharacters(const char* characters, size_t count) {
  return SystemCall(kTypeCharactersCall, AddressOf(characters), static_cast<long>(count));
}

long OfferDisk(uint64_t size_bytes, DiskWriting writing) {
  const auto low = static_cast<long>(size_bytes);
  if constexpr (sizeof(long) < sizeof(uint64_t)) {
    return SystemCall(kOfferDiskCall, low, static_cast<long>(size_bytes >> 32),
                      static_cast<long>(writing));
  }
  return SystemCall(kOfferDiskCall, low, static_cast<long>(writing));
}

long RevokeDisk(DiskDevice device) {
  return SystemCall(kRevokeDiskCall, static_cast<long>(device));
}

long FinishTransfer(uint32_t number, TransferEnding ending) {
  return SystemCall(kFinishTransferCall, static_cast<long>(number), static_cast<long>(ending));
}

}  // namespace atlas
