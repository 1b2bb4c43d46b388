#include "kernel/process/native_threads.h"

#include <array>
#include <new>
#include <span>
#include <utility>

#include "kernel/ipc/event.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/process/current.h"
#include "kernel/process/fork.h"
#include "kernel/process/native_messages.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"
#include "kernel/space/user_pointer.h"
#include "kernel/sync/cpu.h"

namespace process {
namespace {

using posix::Errno;

constexpr auto kOutOfMemory = std::unexpected(Errno::kOutOfMemory);

// From a new thread's stack pointer to the end of its stack: room for what it finds there, and all
// the alignment that calling conventions ask for.
constexpr uint64_t kStackTopBytes = 64;

void FillControlBlock(const UserThread& thread, const kernel::ThreadMemory& memory,
                      mm::FrameWindows& windows) {
  const mm::ThreadPlaces& places = memory.places();
  const locking::CpuPin pin;
  const mm::FrameWindow opened = windows.Open(pin, memory.control_frame());
  *static_cast<ipc::ControlBlock*>(opened.data()) = {.magic = ipc::ControlBlock::kMagic,
                                                     .thread = thread.id(),
                                                     .process = thread.process().id(),
                                                     .queue = places.queue.base.value,
                                                     .stack_last = places.stack.last().value};
}

void Delete(NativeThread& native) {
  native.~NativeThread();
  TheSystem().environment().heap.Free(&native);
}

posix::Result<> MakeNative(UserThread& thread, mm::OwnStack own_stack) {
  System& system = TheSystem();
  const Environment& environment = system.environment();
  const auto& places = environment.placement.thread_places();
  if (!places) return std::unexpected(Errno::kNotSupported);
  const Process& process = thread.process();
  mm::UserFrames& frames = environment.objects.frames();
  const auto room = environment.heap.Allocate(sizeof(NativeThread));
  if (!room) return kOutOfMemory;
  auto* const native = new (*room)
      NativeThread(system.NextNativeSerial(), frames, *places, own_stack,
                   process.limits[posix::Resource::kStackBytes].soft, process.space->table());
  if (!native->Start(frames.windows())) {
    Delete(*native);
    return kOutOfMemory;
  }
  FillControlBlock(thread, native->memory(), frames.windows());
  thread.native = native;
  return {};
}

mm::VirtAddr FirstStackPointer(NativeThread& native) {
  return native.memory().places().stack.last() - (kStackTopBytes - 1);
}

// Argument and an address to return to, where no code is.
void BeginOnOwnStack(UserThread& thread) {
  const std::array<uintptr_t, 2> words = {thread.native->argument, 0};
  // Without memory for it the thread faults at once, and its process ends like any other then.
  static_cast<void>(
      kernel::WriteUser(arch::StackPointer(thread.registers()), std::as_bytes(std::span(words))));
}

}  // namespace

posix::Result<Pid> CreateNativeThread(mm::VirtAddr entry, uintptr_t argument,
                                      uintptr_t thread_pointer) {
  const UserThread& creator = kernel::CurrentThread();
  auto thread = TRY(TheSystem().MakeThread(creator.process()));
  TRY(MakeNative(*thread, mm::OwnStack::kYes));
  thread->native->argument = argument;
  arch::PrepareThread(thread->state(), thread->kernel_stack(),
                      arch::StartRegisters(entry, FirstStackPointer(*thread->native)));
  arch::ResetFloatState(thread->state());
  // A value that the processor cannot have stays 0.
  static_cast<void>(arch::SetThreadPointer(thread->state(), thread_pointer));
  thread->signals.blocked = creator.signals.blocked;
  thread->beginning.run = BeginOnOwnStack;
  const Pid id = thread->id();
  StartThread(std::move(thread));
  return id;
}

posix::Result<mm::VirtAddr> BecomeNative(UserThread& thread) {
  if (thread.native != nullptr) return std::unexpected(Errno::kExists);
  if (thread.id() != thread.process().id()) return std::unexpected(Errno::kNotPermitted);
  TRY(MakeNative(thread, mm::OwnStack::kNo));
  TheSystem().Activate(thread.native->memory().table());
  return thread.native->memory().places().queue.base;
}

posix::Result<> EnterNative(UserThread& thread, mm::VirtAddr entry, uintptr_t argument) {
  if (thread.native != nullptr) return std::unexpected(Errno::kExists);
  TRY(MakeNative(thread, mm::OwnStack::kYes));
  TheSystem().Activate(thread.native->memory().table());
  thread.native->argument = argument;
  thread.registers() = arch::StartRegisters(entry, FirstStackPointer(*thread.native));
  BeginOnOwnStack(thread);
  return {};
}

posix::Result<> CopyNative(const UserThread& thread, UserThread& copy) {
  TRY(MakeNative(copy, mm::OwnStack::kYes));
  const auto copied = copy.native->memory().CopyStackOf(thread.native->memory());
  if (!copied) return kOutOfMemory;
  return {};
}

void EndNative(UserThread& thread) {
  NativeThread* const native = std::exchange(thread.native, nullptr);
  if (native == nullptr) return;
  if (SystemProcess* const system = thread.process().system) system->ForgetReceiver(thread);
  while (OpenCall* const call = native->callers.PopFront()) BreakCall(*call);
  TheSystem().Deactivate(native->memory().table());
  Delete(*native);
}

}  // namespace process
