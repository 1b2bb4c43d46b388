#include "kernel/process/fork.h"

#include <utility>

#include "kernel/process/current.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/native_threads.h"
#include "kernel/process/system.h"
#include "kernel/space/user_pointer.h"

namespace process {
namespace {

bool Has(const CloneRequest& request, CloneFlag flag) {
  return (request.flags & static_cast<uint32_t>(flag)) != 0;
}

// Threads of one process share everything; a process that shares handlers shares memory, where they
// lie.
bool IsSound(const CloneRequest& request) {
  const bool shares_handlers = Has(request, CloneFlag::kSignalActions);
  if (Has(request, CloneFlag::kThread)) {
    const bool shares_all = shares_handlers && Has(request, CloneFlag::kFiles) &&
                            Has(request, CloneFlag::kWorkingState);
    if (!shares_all) return false;
  }
  if (shares_handlers && !Has(request, CloneFlag::kSpace)) return false;
  return !Has(request, CloneFlag::kNewMounts) && !Has(request, CloneFlag::kNamespaces) &&
         !Has(request, CloneFlag::kProcessDescriptor);
}

// Shared or copied, as the request says.
template <class T>
posix::Result<fs::Ref<T>> ShareOrCopy(const fs::Ref<T>& ref, bool shares) {
  if (shares) return ref;
  return ref->Copy();
}

posix::Result<> GiveParts(Process& child, const Process& parent, const CloneRequest& request) {
  child.files = TRY(ShareOrCopy(parent.files, Has(request, CloneFlag::kFiles)));
  child.place = TRY(ShareOrCopy(parent.place, Has(request, CloneFlag::kWorkingState)));
  child.actions = TRY(ShareOrCopy(parent.actions, Has(request, CloneFlag::kSignalActions)));
  child.executable = parent.executable;
  child.nice = parent.nice;
  child.dumpable = parent.dumpable;
  child.places = parent.places;
  child.plan = parent.plan;
  child.limits = parent.limits;
  child.credentials = parent.credentials;
  child.exit_signal = request.flags & static_cast<uint32_t>(CloneFlag::kSignalMask);
  // The dearest comes last.
  if (Has(request, CloneFlag::kSpace)) {
    child.space = parent.space;
  } else {
    child.space = TRY(posix::ToPosix(parent.space->Clone()));
  }
  return {};
}

posix::Result<System::OwnedThread> MakeCopyOf(UserThread& thread, Process& process,
                                              const arch::UserRegisters& registers,
                                              const CloneRequest& request) {
  auto copy = TRY(TheSystem().MakeThread(process));
  arch::UserRegisters copied = registers;
  if (request.stack_pointer != 0) {
    arch::SetStackPointer(copied, mm::VirtAddr{request.stack_pointer});
  }
  arch::SetResult(copied, 0);
  arch::PrepareThread(copy->state(), copy->kernel_stack(), copied);
  arch::CopyFloatState(thread.state(), copy->state());
  // A value that the processor cannot have stays 0.
  static_cast<void>(
      arch::SetThreadPointer(copy->state(), Has(request, CloneFlag::kSetThreadPointer)
                                                ? request.thread_pointer
                                                : arch::ThreadPointer(thread.state())));
  copy->signals.blocked = thread.signals.blocked;
  copy->name = thread.id() == thread.process().id() ? thread.process().name : thread.name;
  if (copy->id() == process.id()) process.name = copy->name;
  // The copy of a process has the stack's copy; a thread would share it. vfork's child borrows it.
  const bool shares_stack =
      Has(request, CloneFlag::kSpace) && !Has(request, CloneFlag::kParentWaits);
  if (!shares_stack) copy->signals.alternate = thread.signals.alternate;
  if (Has(request, CloneFlag::kClearIdInChild)) {
    copy->farewell.clear_thread_id = request.child_id_at;
  }
  if (Has(request, CloneFlag::kSetIdInChild)) copy->beginning.write_id_at = request.child_id_at;
  return copy;
}

void TellParentTheId(const CloneRequest& request, Pid id) {
  if (!Has(request, CloneFlag::kSetIdInParent)) return;
  // The child is made; a wrong address does not unmake it.
  static_cast<void>(kernel::UserPointer<int32_t>(request.parent_id_at).Write(id));
}

void WaitForSpace(UserThread& parent) {
  while (parent.child_in_our_space != nullptr) {
    const auto result =
        parent.space_returned.Wait(sched::Deadline::Never(), sched::Interruption::kByDeath);
    if (result != sched::WaitResult::kInterrupted) continue;
    // The child keeps the space, and need not tell a thread that is gone.
    parent.child_in_our_space->space_owner_waits = nullptr;
    parent.child_in_our_space = nullptr;
  }
}

posix::Result<Pid> CloneThread(UserThread& thread, const arch::UserRegisters& registers,
                               const CloneRequest& request) {
  auto copy = TRY(MakeCopyOf(thread, thread.process(), registers, request));
  const Pid id = copy->id();
  TellParentTheId(request, id);
  StartThread(std::move(copy));
  return id;
}

// Whether the copy of a native thread is to run on a stack that only the thread has.
bool UsesOwnStack(const UserThread& thread, const arch::UserRegisters& registers,
                  const CloneRequest& request) {
  if (thread.native == nullptr) return false;
  const mm::VirtAddr stack_pointer = request.stack_pointer != 0
                                         ? mm::VirtAddr{request.stack_pointer}
                                         : arch::StackPointer(registers);
  return thread.native->memory().Covers(stack_pointer);
}

posix::Result<Pid> CloneProcess(UserThread& thread, const arch::UserRegisters& registers,
                                const CloneRequest& request) {
  System& system = TheSystem();
  Process& parent = thread.process();
  // Its devices' registers would be the child's, too.
  if (parent.system != nullptr) return std::unexpected(posix::Errno::kNotPermitted);
  if (system.process_count() >= parent.limits[posix::Resource::kProcesses].soft) {
    return std::unexpected(posix::Errno::kAgain);
  }
  auto owned = TRY(system.MakeProcess());
  TRY(GiveParts(*owned, parent, request));
  auto copy = TRY(MakeCopyOf(thread, *owned, registers, request));
  if (UsesOwnStack(thread, registers, request)) TRY(CopyNative(thread, *copy));
  Process& child = *owned.release();
  const Pid id = child.id();
  child.started = system.scheduler().Now();
  child.parent = &parent;
  if (Has(request, CloneFlag::kSibling) && parent.parent != nullptr) {
    child.parent = parent.parent;
    child.exit_signal = parent.exit_signal;
  }
  child.parent->children.PushBack(child);
  system.Join(child, *parent.group);
  system.CountFork();
  TellParentTheId(request, id);
  if (!Has(request, CloneFlag::kParentWaits)) {
    StartThread(std::move(copy));
    return id;
  }
  child.space_owner_waits = &thread;
  thread.child_in_our_space = &child;
  StartThread(std::move(copy));
  WaitForSpace(thread);
  return id;
}

}  // namespace

void StartThread(System::OwnedThread owned) {
  UserThread& thread = *owned.release();
  Process& process = thread.process();
  process.threads.PushBack(thread);
  ++process.thread_count;
  TheSystem().scheduler().Start(thread);
  // Work before user mode; see OnReturnToUser().
  const bool has_beginning = thread.beginning.write_id_at != 0 || thread.beginning.run != nullptr;
  if (has_beginning) TheSystem().scheduler().SetSignal(thread, true);
}

posix::Result<Pid> Clone(const arch::UserRegisters& registers, const CloneRequest& request) {
  if (!IsSound(request)) return std::unexpected(posix::Errno::kInvalid);
  UserThread& thread = kernel::CurrentThread();
  // Two would have that stack.
  if (Has(request, CloneFlag::kSpace) && UsesOwnStack(thread, registers, request)) {
    return std::unexpected(posix::Errno::kNotSupported);
  }
  return Has(request, CloneFlag::kThread) ? CloneThread(thread, registers, request)
                                          : CloneProcess(thread, registers, request);
}

}  // namespace process
