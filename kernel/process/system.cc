#include "kernel/process/system.h"

#include <new>

#include "kernel/base/check.h"
#include "kernel/process/current.h"
#include "kernel/process/native_threads.h"
#include "kernel/sched/running.h"

namespace process {
namespace {

constexpr auto kOutOfMemory = std::unexpected(posix::Errno::kOutOfMemory);

}  // namespace

void UseSystem(System& system) {
  CHECK(internal::the_system == nullptr);
  internal::the_system = &system;
}

System::System(const Environment& environment, sched::Scheduler& scheduler)
    : environment_(environment),
      scheduler_(scheduler),
      pids_(environment.memory),
      stacks_(environment.stacks),
      device_objects_(environment.memory) {}

posix::Result<System::OwnedProcess> System::MakeProcess() {
  const auto memory = environment_.memory.Allocate(sizeof(Process));
  if (!memory) return kOutOfMemory;
  ++process_count_;
  return OwnedProcess(new (*memory) Process);
}

posix::Result<System::OwnedThread> System::MakeThread(Process& process) {
  scheduler_.BuryFinished();  // their stacks are as good as new ones
  const auto stack = stacks_.Allocate();
  if (!stack) return kOutOfMemory;
  const auto memory = environment_.heap.AllocateAligned(sizeof(UserThread), alignof(UserThread));
  if (!memory) {
    stacks_.Free(*stack);
    return kOutOfMemory;
  }
  ++thread_count_;
  OwnedThread thread(new (*memory) UserThread(process, *stack));
  const auto pid = pids_.Take(*thread);
  if (!pid) {
    return std::unexpected(pid.error() == base::Error::kNotFound ? posix::Errno::kAgain
                                                                 : posix::Errno::kOutOfMemory);
  }
  thread->SetId(*pid);
  if (process.id() == 0) {
    process.SetId(*pid);
    pids_.Of(*pid).process = &process;
  }
  return thread;
}

void System::Delete::operator()(UserThread* thread) const {
  System& system = TheSystem();
  EndNative(*thread);
  const Pid id = thread->id();
  if (id != 0 && system.pids_.Find(id).thread == thread) {
    system.pids_.Of(id).thread = nullptr;
    system.pids_.DropIfFree(id);
  }
  const mm::VirtRange stack = thread->kernel_stack();
  thread->~UserThread();
  system.environment_.heap.Free(thread);
  system.stacks_.Free(stack);
  --system.thread_count_;
}

void System::Delete::operator()(Process* process) const {
  System& system = TheSystem();
  if (process->group != nullptr) system.Leave(*process);
  const Pid id = process->id();
  if (id != 0) {
    system.pids_.Of(id).process = nullptr;
    system.pids_.DropIfFree(id);
  }
  system.ended_minor_faults_ += process->usage.minor_faults;
  process->~Process();
  system.environment_.memory.Free(process);
  --system.process_count_;
}

QueuedSignal* System::MakeQueuedSignal() {
  if (queued_signals_ == kMostQueuedSignals) return nullptr;
  const auto memory = environment_.memory.Allocate(sizeof(QueuedSignal));
  if (!memory) return nullptr;
  ++queued_signals_;
  return new (*memory) QueuedSignal;
}

void System::FreeQueuedSignal(QueuedSignal& entry) {
  entry.~QueuedSignal();
  environment_.memory.Free(&entry);
  --queued_signals_;
}

posix::Result<ProcessGroup*> System::MakeGroup(Pid id, Session& session) {
  const auto memory = environment_.memory.Allocate(sizeof(ProcessGroup));
  if (!memory) return kOutOfMemory;
  auto* const group = new (*memory) ProcessGroup(id, session);
  pids_.Of(id).group = group;
  return group;
}

posix::Result<ProcessGroup*> System::MakeSession(Pid id) {
  const auto memory = environment_.memory.Allocate(sizeof(Session));
  if (!memory) return kOutOfMemory;
  auto* const session = new (*memory) Session(id);
  const auto group = MakeGroup(id, *session);
  if (!group) {
    environment_.memory.Free(session);
    return group;
  }
  pids_.Of(id).session = session;
  return group;
}

void System::Join(Process& process, ProcessGroup& group) {
  if (process.group == &group) return;
  if (process.group != nullptr) Leave(process);
  process.group = &group;
  group.members().PushBack(process);
}

void System::Leave(Process& process) {
  ProcessGroup& group = *process.group;
  static_cast<base::ListHook<GroupMember>&>(process).Unlink();
  process.group = nullptr;
  if (!group.members().IsEmpty()) return;
  Session& session = group.session();
  const Pid id = group.id();
  pids_.Of(id).group = nullptr;
  pids_.DropIfFree(id);
  group.~ProcessGroup();
  environment_.memory.Free(&group);
  if (session.HasGroups()) return;
  const Pid session_id = session.id();
  pids_.Of(session_id).session = nullptr;
  pids_.DropIfFree(session_id);
  session.~Session();
  environment_.memory.Free(&session);
}

void System::Activate(kernel::AddressSpace& space) {
  if (active_ == &space) return;
  active_ = &space;
  space.table().Activate();
}

void System::Activate(kernel::ThreadTable& table) {
  if (active_ == &table) return;
  active_ = &table;
  table.Activate();
}

void System::Deactivate() {
  active_ = nullptr;
  environment_.spaces.ActivateKernel();
}

void System::DeactivateIf(const void* walked) {
  if (active_ == walked) Deactivate();
}

void System::KeepForDevices(const mm::ObjectReference& memory) {
  CHECK(kept_count_ < kMostKeptForDevices);
  kept_for_devices_[kept_count_++] = memory;
}

void System::DropKeptForDevices() {
  kept_for_devices_.fill({});
  kept_count_ = 0;
}

}  // namespace process
