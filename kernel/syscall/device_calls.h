// Calls of the system process, for its drivers: kNotPermitted to every other one. Numbers from
// 0x1100 on, the same on every processor; process/system_process.h says what they do.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/fs/disk.h"
#include "kernel/posix/errno.h"
#include "kernel/process/interrupt_lines.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

enum class DeviceCall : uint32_t {
  kShowInterruptTable = 0x1100,
  kAttachInterrupt = 0x1101,
  kDetachInterrupt = 0x1102,
  kAcknowledgeInterrupt = 0x1103,
  kMapDevice = 0x1104,
  kAllocateDeviceMemory = 0x1105,
  kReadDeviceTree = 0x1106,
  kTypeCharacters = 0x1107,
  kOfferDisk = 0x1108,
  kRevokeDisk = 0x1109,
  kFinishTransfer = 0x110a,
  kDevicesAreQuiet = 0x110b,
};

[[nodiscard]] posix::CallResult ShowInterruptTable(uintptr_t place);
[[nodiscard]] posix::CallResult AttachInterrupt(uint32_t line, process::Trigger trigger,
                                                uintptr_t handler, uintptr_t device);
[[nodiscard]] posix::CallResult DetachInterrupt(uint32_t line, uintptr_t handler, uintptr_t device);
[[nodiscard]] posix::CallResult AcknowledgeInterrupt(uint32_t line);
// The result is the address. So it is of the next one, which also writes where devices find it.
[[nodiscard]] posix::CallResult MapDevice(uint64_t physical, size_t size_bytes);
[[nodiscard]] posix::CallResult AllocateDeviceMemory(size_t size_bytes,
                                                     kernel::UserPointer<uint64_t> physical);
// The result is how many bytes the tree has, of which those are copied for which there is room.
// Error: kNoEntry (the machine has none).
[[nodiscard]] posix::CallResult ReadDeviceTree(kernel::UserPointer<std::byte> to,
                                               size_t size_bytes);
// As if they came from the console's line.
[[nodiscard]] posix::CallResult TypeCharacters(kernel::UserPointer<char> characters, size_t count);

// The result is the offer's number.
[[nodiscard]] posix::CallResult OfferDisk(uint64_t size_bytes, fs::Disk::Writing writing);
[[nodiscard]] posix::CallResult RevokeDisk(fs::Disk::Device device);
[[nodiscard]] posix::CallResult DevicesAreQuiet();
[[nodiscard]] posix::CallResult FinishTransfer(uint32_t number, fs::Disk::Ending ending);

}  // namespace syscall
