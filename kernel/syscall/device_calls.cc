#include "kernel/syscall/device_calls.h"

#include <algorithm>
#include <array>
#include <span>

#include "kernel/fs/terminal.h"
#include "kernel/mm/facts/address.h"
#include "kernel/process/current.h"
#include "kernel/process/device_source.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"

namespace syscall {
namespace {

using posix::Errno;

// What is copied at a time.
constexpr size_t kPieceBytes = 256;

// The process that calls is the system process.
posix::Result<process::SystemProcess*> TakeRight() {
  process::SystemProcess* const system = kernel::CurrentProcess().system;
  if (system == nullptr) return std::unexpected(Errno::kNotPermitted);
  return system;
}

const process::Environment& Environment() { return process::TheSystem().environment(); }

}  // namespace

posix::CallResult ShowInterruptTable(uintptr_t place) {
  TRY(TRY(TakeRight())->ShowTable(kernel::CurrentThread(), {place}));
  return 0;
}

posix::CallResult AttachInterrupt(uint32_t line, process::Trigger trigger, uintptr_t handler,
                                  uintptr_t device) {
  TRY(TRY(TakeRight())->Attach(line, trigger, {handler, device}));
  return 0;
}

posix::CallResult DetachInterrupt(uint32_t line, uintptr_t handler, uintptr_t device) {
  TRY(TRY(TakeRight())->Detach(line, {handler, device}));
  return 0;
}

posix::CallResult AcknowledgeInterrupt(uint32_t line) {
  TRY(TRY(TakeRight())->Acknowledge(line));
  return 0;
}

posix::CallResult MapDevice(uint64_t physical, size_t size_bytes) {
  return static_cast<intptr_t>(
      TRY(TRY(TakeRight())->MapDevice({mm::PhysAddr{physical}, size_bytes})).value);
}

posix::CallResult AllocateDeviceMemory(size_t size_bytes, kernel::UserPointer<uint64_t> physical) {
  const auto memory = TRY(TRY(TakeRight())->AllocateMemory(size_bytes));
  if (const auto written = physical.Write(memory.base.value); !written) {
    static_cast<void>(kernel::CurrentProcess().space->Unmap({memory.va, size_bytes}));
    return std::unexpected(written.error());
  }
  return static_cast<intptr_t>(memory.va.value);
}

posix::CallResult ReadDeviceTree(kernel::UserPointer<std::byte> to, size_t size_bytes) {
  TRY(TakeRight());
  const process::DeviceSource& devices = Environment().devices;
  const uint64_t bytes = devices.TreeBytes();
  if (bytes == 0) return std::unexpected(Errno::kNoEntry);
  const auto wanted = static_cast<size_t>(std::min<uint64_t>(bytes, size_bytes));
  std::array<std::byte, kPieceBytes> piece;
  for (size_t done = 0; done < wanted;) {
    const std::span part = std::span(piece).first(std::min(piece.size(), wanted - done));
    devices.ReadTree(done, part);
    TRY(to.At(done).WriteMany(part));
    done += part.size();
  }
  return static_cast<intptr_t>(bytes);
}

posix::CallResult TypeCharacters(kernel::UserPointer<char> characters, size_t count) {
  TRY(TakeRight());
  std::array<char, kPieceBytes> piece;
  const std::span part = std::span(piece).first(std::min(piece.size(), count));
  TRY(characters.ReadMany(part));
  for (const char character : part) Environment().terminal.Receive(character);
  return static_cast<intptr_t>(part.size());
}

posix::CallResult OfferDisk(uint64_t size_bytes, fs::Disk::Writing writing) {
  process::SystemProcess* const system = TRY(TakeRight());
  if (writing > fs::Disk::Writing::kForbidden) return std::unexpected(Errno::kInvalid);
  return static_cast<intptr_t>(TRY(system->OfferDisk(size_bytes, writing)));
}

posix::CallResult RevokeDisk(fs::Disk::Device device) {
  process::SystemProcess* const system = TRY(TakeRight());
  if (device > fs::Disk::Device::kMayStillWrite) return std::unexpected(Errno::kInvalid);
  TRY(system->RevokeDisk(device));
  return 0;
}

posix::CallResult FinishTransfer(uint32_t number, fs::Disk::Ending ending) {
  process::SystemProcess* const system = TRY(TakeRight());
  if (ending > fs::Disk::Ending::kFailed) return std::unexpected(Errno::kInvalid);
  TRY(system->FinishTransfer(number, ending));
  return 0;
}

posix::CallResult DevicesAreQuiet() {
  TRY(TakeRight())->OnDevicesQuiet();
  return 0;
}

}  // namespace syscall
