#include "kernel/process/system_process.h"

#include <array>
#include <cstddef>
#include <new>
#include <span>
#include <utility>

#include "arch/ops/port_access.h"
#include "arch/ops/timer.h"
#include "kernel/base/check.h"
#include "kernel/base/function_ref.h"
#include "kernel/fs/devices.h"
#include "kernel/ipc/event.h"
#include "kernel/ipc/mailbox.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/process/areas.h"
#include "kernel/process/current.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/signals.h"
#include "kernel/process/system.h"

namespace process {
namespace {

using posix::Errno;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);
constexpr auto kOutOfMemory = std::unexpected(Errno::kOutOfMemory);

// What is left to go wrong for areas that are sound: memory and address space.
posix::Result<mm::VirtAddr> Map(Process& process, const mm::MapRequest& request) {
  const auto va = process.space->Map(request);
  if (!va) return kOutOfMemory;
  return *va;
}

// Calls `visit` for each object that the process shares with devices, or with nobody.
void ForEachShared(const Process& process,
                   base::FunctionRef<void(const mm::ObjectReference&)> visit) {
  ForEachArea(*process.space, [&](const mm::VmaReport& area) {
    if (area.kind == mm::VmaKind::kShared) visit(area.object);
  });
}

// Whether the page is behind the program's code, with no other code in between.
bool IsBehindCode(const Process& process, mm::VirtAddr va) {
  if (!process.executable) return false;
  const mm::MemoryObject* const program = process.executable->pages();
  bool is_behind = false;
  ForEachArea(*process.space, [&](const mm::VmaReport& area) {
    if (!mm::Has(area.access, mm::Access::kExecute)) return;
    const bool is_of_program = program != nullptr && area.object.get() == program;
    if (area.range.base < va) {
      is_behind = is_of_program;
    } else if (is_of_program) {
      is_behind = false;
    }
  });
  return is_behind;
}

// Whether a page of the program may be there.
bool IsOfProgram(mm::VirtAddr va) {
  if (!mm::IsAligned(va, mm::kPageSize)) return false;
  const mm::Region* const region =
      TheSystem().environment().placement.RegionOf({va, mm::kPageSize});
  return region != nullptr && region->service == mm::Service::kProgram;
}

}  // namespace

posix::Result<> SystemProcess::ShowTable(UserThread& thread, mm::VirtAddr place) {
  if (thread.native == nullptr) return std::unexpected(Errno::kNotSupported);
  if (receiver_ != nullptr || (place_ && *place_ != place)) return std::unexpected(Errno::kExists);
  if (!IsOfProgram(place) || !IsBehindCode(process_, place)) return kInvalid;
  if (!place_) {
    TRY(Map(process_, {.size_bytes = mm::kPageSize,
                       .access = mm::Access::kRead,
                       .may = mm::Access::kRead,
                       .kind = mm::VmaKind::kShared,
                       .sharing = mm::Sharing::kShared,
                       .object = table_.reference,
                       .place = mm::Place::kExactly,
                       .va = place}));
    place_ = place;
  }
  receiver_ = &thread;
  busy_since_ticks_ = thread.ticks();
  SendWhatWaits();
  return {};
}

// The page is there: writing to it takes no memory.
void SystemProcess::ShowRoutes(uint32_t line) {
  const InterruptLines::Routes& routes = lines_.RoutesOf(line);
  const auto written = table_.object.Write(line * sizeof(routes), std::as_bytes(std::span(routes)));
  CHECK(written == sizeof(routes));
}

posix::Result<> SystemProcess::Attach(uint32_t line, Trigger trigger, const InterruptRoute& route) {
  if (!place_) return kInvalid;
  TRY(lines_.Attach(line, trigger, route));
  ShowRoutes(line);
  return {};
}

posix::Result<> SystemProcess::Detach(uint32_t line, const InterruptRoute& route) {
  TRY(lines_.Detach(line, route));
  ShowRoutes(line);
  return {};
}

posix::Result<> SystemProcess::Acknowledge(uint32_t line) { return lines_.Acknowledge(line); }

posix::Result<mm::VirtAddr> SystemProcess::MapDevice(const mm::PhysRange& registers) {
  if (registers.IsEmpty() || registers.Wraps() || !registers.IsAligned(mm::kPageSize)) {
    return kInvalid;
  }
  System& system = TheSystem();
  if (!system.environment().devices.IsForDrivers(registers)) {
    return std::unexpected(Errno::kAccess);
  }
  return Map(process_, {.size_bytes = registers.size_bytes,
                        .may = mm::Access::kReadWrite,
                        .kind = mm::VmaKind::kDevice,
                        .sharing = mm::Sharing::kShared,
                        .object = TRY(system.device_objects().Make(registers))});
}

posix::Result<SystemProcess::DeviceMemory> SystemProcess::AllocateMemory(uint64_t size_bytes) {
  const bool is_sound = size_bytes != 0 && size_bytes % mm::kPageSize == 0;
  if (!is_sound || size_bytes > kMostMemoryBytes) return kInvalid;
  if (!HasRoomForMemory()) return kOutOfMemory;
  const auto memory = TheSystem().environment().devices.AllocateContiguous(size_bytes);
  if (!memory) return kOutOfMemory;
  const mm::VirtAddr va = TRY(Map(process_, {.size_bytes = size_bytes,
                                             .may = mm::Access::kReadWrite,
                                             .kind = mm::VmaKind::kShared,
                                             .sharing = mm::Sharing::kShared,
                                             .object = memory->object}));
  return DeviceMemory{va, memory->base};
}

bool SystemProcess::HasRoomForMemory() const {
  size_t shared = 0;
  ForEachShared(process_, [&](const mm::ObjectReference&) { ++shared; });
  return shared + TheSystem().kept_for_devices() < System::kMostKeptForDevices;
}

void SystemProcess::OnDevicesQuiet() { TheSystem().DropKeptForDevices(); }

void SystemProcess::OnInterrupt(uint32_t line) {
  lines_.OnInterrupt(line);
  SendRaised();
  if (receiver_ != nullptr) TheSystem().scheduler().Favour(*receiver_);
}

void SystemProcess::SendRaised() {
  if (receiver_ == nullptr) return;
  ipc::Mailbox& mailbox = receiver_->native->mailbox();
  while (mailbox.HasSlot()) {
    const auto line = lines_.TakeRaised();
    if (!line) return;
    mailbox.Put({.function = kInterruptFunction, .arguments = {*line}});
  }
}

posix::Result<uint32_t> SystemProcess::OfferDisk(uint64_t size_bytes, fs::Disk::Writing writing) {
  if (receiver_ == nullptr) return kInvalid;
  const Environment& environment = TheSystem().environment();
  TRY(environment.disk.Offer(*this, size_bytes, writing));
  is_offering_ = true;
  ++offers_;
  if (const auto made = fs::MakeDiskFile(environment.names); !made) {
    EndOffer(fs::Disk::Device::kQuiet);
    return std::unexpected(made.error());
  }
  return offers_;
}

posix::Result<> SystemProcess::RevokeDisk(fs::Disk::Device device) {
  if (!is_offering_) return std::unexpected(Errno::kNoEntry);
  EndOffer(device);
  return {};
}

void SystemProcess::EndOffer(fs::Disk::Device device) {
  if (!std::exchange(is_offering_, false)) return;
  const Environment& environment = TheSystem().environment();
  fs::RemoveDiskFile(environment.names);
  environment.disk.Revoke(device);
}

posix::Result<> SystemProcess::FinishTransfer(uint32_t number, fs::Disk::Ending ending) {
  if (!is_offering_) return std::unexpected(Errno::kNoEntry);
  TRY(TheSystem().environment().disk.Finish(number, ending));
  SendTransfers();
  return {};
}

// A thread of this process would wait for what it has to do itself.
bool SystemProcess::MayBeAwaited() const { return &kernel::CurrentProcess() != &process_; }

void SystemProcess::SendTransfers() {
  if (receiver_ == nullptr || !is_offering_) return;
  ipc::Mailbox& mailbox = receiver_->native->mailbox();
  constexpr unsigned kUpperHalf = 32;
  while (mailbox.HasSlot()) {
    const auto order = TheSystem().environment().disk.Take();
    if (!order) return;
    mailbox.Put({.function = kTransferFunction,
                 .arguments = {order->number,
                               static_cast<uint32_t>(order->kind) | uint64_t{offers_} << kUpperHalf,
                               order->memory.value, order->offset, order->size_bytes}});
  }
}

void SystemProcess::OnReceive(const UserThread& thread) {
  if (&thread != receiver_) return;
  busy_since_ticks_ = thread.ticks();
  SendWhatWaits();
}

void SystemProcess::OnTimer() {
  constexpr uint64_t kMostTicks = arch::kTicksPerSecond / 5;
  if (receiver_ == nullptr || receiver_->ticks() - busy_since_ticks_ < kMostTicks) return;
  busy_since_ticks_ = receiver_->ticks();
  constexpr posix::Signal kSignal = posix::Signal::kCpuLimit;
  static_cast<void>(SendToThread(*receiver_, kSignal, InformationOf(kSignal)));
}

void SystemProcess::SendWhatWaits() {
  SendRaised();
  SendTransfers();
}

// What it was asked to move, it may have begun.
void SystemProcess::ForgetReceiver(const UserThread& thread) {
  if (receiver_ != &thread) return;
  EndOffer(fs::Disk::Device::kMayStillWrite);
  receiver_ = nullptr;
  lines_.ForgetMessages();
}

base::Result<> SystemProcess::CheckInvariants() const {
  const bool is_sound = process_.system == this && TheSystem().system_process() == this &&
                        (receiver_ == nullptr || (place_ && receiver_->native != nullptr &&
                                                  &receiver_->process() == &process_));
  if (!is_sound || (is_offering_ && receiver_ == nullptr)) {
    return std::unexpected(base::Error::kCorrupt);
  }
  TRY(TheSystem().environment().disk.CheckInvariants());
  return lines_.CheckInvariants();
}

posix::Result<> BecomeSystemProcess(Process& process) {
  System& system = TheSystem();
  CHECK(system.system_process() == nullptr && process.system == nullptr);
  const Environment& environment = system.environment();
  const auto table = mm::PagedObject::Create(environment.objects, mm::kPageSize);
  if (!table) return kOutOfMemory;
  constexpr std::array<std::byte, 1> kZero{};
  if (!table->object.Write(0, kZero)) return kOutOfMemory;
  const auto block = environment.memory.Allocate(sizeof(SystemProcess));
  if (!block) return kOutOfMemory;
  process.system = new (*block) SystemProcess(process, environment.interrupts, *table);
  system.SetSystemProcess(process.system);
  arch::SetPortAccess(arch::PortAccess::kDevices);
  return {};
}

void EndSystemProcess(Process& process) {
  SystemProcess* const ended = std::exchange(process.system, nullptr);
  if (ended == nullptr) return;
  System& system = TheSystem();
  ForEachShared(process, [&](const mm::ObjectReference& memory) {
    if (system.kept_for_devices() < System::kMostKeptForDevices) system.KeepForDevices(memory);
  });
  system.SetSystemProcess(nullptr);
  arch::SetPortAccess(arch::PortAccess::kNone);
  ended->~SystemProcess();
  system.environment().memory.Free(ended);
}

}  // namespace process
