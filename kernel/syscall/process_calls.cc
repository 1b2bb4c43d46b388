#include "kernel/syscall/process_calls.h"

#include <algorithm>
#include <array>
#include <span>
#include <string_view>

#include "arch/ops/system_calls.h"
#include "kernel/process/argument_block.h"
#include "kernel/process/current.h"
#include "kernel/process/exec.h"
#include "kernel/process/exit.h"
#include "kernel/process/fork.h"
#include "kernel/process/heap_block.h"
#include "kernel/process/system.h"

namespace syscall {
namespace {

using posix::Errno;
using process::CloneFlag;
using process::Process;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);
constexpr auto kNoProcess = std::unexpected(Errno::kNoProcess);
constexpr auto kForbidden = std::unexpected(Errno::kNotPermitted);

constexpr size_t kPathBytes = 4096;  // PATH_MAX

constexpr uint32_t kChildSignal = posix::NumberOf(posix::Signal::kChild);

posix::CallResult CloneWith(arch::UserRegisters& registers, const process::CloneRequest& request) {
  return TRY(process::Clone(registers, request));
}

// 0 is the process that asks.
posix::Result<Process*> FindProcess(int id) {
  if (id == 0) return &kernel::CurrentProcess();
  Process* const process = process::TheSystem().pids().Find(id).process;
  if (process == nullptr) return kNoProcess;
  return process;
}

// 0 is the thread that asks.
posix::Result<> CheckThread(int id) {
  const bool is_there = id == 0 || process::TheSystem().pids().Find(id).thread != nullptr;
  return is_there ? posix::Result<>() : kNoProcess;
}

// The first thread's name is the process's.
process::Name& NameOf(process::UserThread& thread) {
  return thread.id() == thread.process().id() ? thread.process().name : thread.name;
}

}  // namespace

posix::CallResult Fork(arch::UserRegisters& registers) {
  return CloneWith(registers, {.flags = kChildSignal});
}

posix::CallResult Vfork(arch::UserRegisters& registers) {
  return CloneWith(registers,
                   {.flags = static_cast<uint32_t>(CloneFlag::kSpace) |
                             static_cast<uint32_t>(CloneFlag::kParentWaits) | kChildSignal});
}

posix::CallResult Clone(arch::UserRegisters& registers) {
  return CloneWith(
      registers, {.flags = static_cast<uint32_t>(arch::Argument(registers, 0)),
                  .stack_pointer = arch::Argument(registers, 1),
                  .parent_id_at = arch::Argument(registers, 2),
                  .child_id_at = arch::Argument(registers, arch::kCloneChildIdArgument),
                  .thread_pointer = arch::Argument(registers, arch::kCloneThreadPointerArgument)});
}

posix::CallResult Execve(kernel::UserPointer<char> path, uintptr_t arguments,
                         uintptr_t environment) {
  const process::Environment& system = process::TheSystem().environment();
  process::UserThread& thread = kernel::CurrentThread();
  const auto name = TRY(process::HeapBlock<char>::Make(system.heap, kPathBytes));
  const size_t length = TRY(kernel::ReadUserString(name.items(), path.va()));
  const std::string_view text(name.items().data(), length);
  auto file = TRY(system.names.Find(thread.process().place->directory(), text));
  process::ArgumentBlock block(system.heap);
  TRY(block.ReadArguments(arguments));
  TRY(block.ReadEnvironment(environment));
  TRY(Execute(thread, std::move(file), text, block));
  return 0;
}

posix::CallResult Exit(uint32_t code) {
  EndThread(kernel::CurrentThread(), code);
  return 0;
}

posix::CallResult ExitGroup(uint32_t code) {
  EndProcess(kernel::CurrentProcess(), process::ExitStatus::Exited(code));
  return 0;
}

posix::CallResult Getpid() { return kernel::CurrentProcess().id(); }

posix::CallResult Getppid() {
  const Process* const parent = kernel::CurrentProcess().parent;
  return parent == nullptr ? 0 : parent->id();
}

posix::CallResult Gettid() { return kernel::CurrentThread().id(); }

posix::CallResult Getpgid(int id) { return TRY(FindProcess(id))->group->id(); }
posix::CallResult Getpgrp() { return kernel::CurrentProcess().group->id(); }
posix::CallResult Getsid(int id) { return TRY(FindProcess(id))->group->session().id(); }

// A process moves itself or its child, until that has executed a program, between the groups of its
// session.
posix::CallResult Setpgid(int id, int group_id) {
  if (group_id < 0) return kInvalid;
  process::System& system = process::TheSystem();
  Process& caller = kernel::CurrentProcess();
  Process& target = *TRY(FindProcess(id));
  if (&target != &caller) {
    if (target.parent != &caller) return kNoProcess;
    if (target.has_executed) return std::unexpected(Errno::kAccess);
  }
  process::Session& session = target.group->session();
  if (&session != &caller.group->session() || session.id() == target.id()) return kForbidden;
  const process::Pid wanted = group_id == 0 ? target.id() : group_id;
  process::ProcessGroup* group = system.pids().Find(wanted).group;
  if (group == nullptr) {
    if (wanted != target.id()) return kForbidden;
    group = TRY(system.MakeGroup(wanted, session));
  }
  if (&group->session() != &session) return kForbidden;
  system.Join(target, *group);
  return 0;
}

posix::CallResult Setsid() {
  process::System& system = process::TheSystem();
  Process& caller = kernel::CurrentProcess();
  if (system.pids().Find(caller.id()).group != nullptr) return kForbidden;  // it leads one
  system.Join(caller, *TRY(system.MakeSession(caller.id())));
  return caller.id();
}

posix::CallResult SchedYield() {
  process::TheSystem().scheduler().Yield();
  return 0;
}

// One processor, of which a word of bits tells.
posix::CallResult SchedGetaffinity(int thread, size_t bytes, uintptr_t mask) {
  TRY(CheckThread(thread));
  constexpr uintptr_t kFirstProcessor = 1;
  if (bytes < sizeof(kFirstProcessor) || bytes % sizeof(kFirstProcessor) != 0) return kInvalid;
  TRY(kernel::UserPointer<uintptr_t>(mask).Write(kFirstProcessor));
  return sizeof(kFirstProcessor);
}

posix::CallResult SchedSetaffinity(int thread, size_t bytes, uintptr_t mask) {
  TRY(CheckThread(thread));
  uintptr_t first = 0;
  const auto word = std::as_writable_bytes(std::span(&first, 1));
  TRY(kernel::ReadUser(word.first(std::min(bytes, sizeof first)), {mask}));
  if ((first & 1) == 0) return kInvalid;
  return 0;
}

posix::CallResult Prctl(int option, uintptr_t argument) {
  // Linux's uapi/linux/prctl.h.
  constexpr int kGetDumpable = 3;
  constexpr int kSetDumpable = 4;
  constexpr int kSetName = 15;
  constexpr int kGetName = 16;
  process::Name& name = NameOf(kernel::CurrentThread());
  switch (option) {
    case kGetDumpable:
      return kernel::CurrentProcess().dumpable;
    case kSetDumpable:
      if (argument > 1) return kInvalid;
      kernel::CurrentProcess().dumpable = static_cast<uint8_t>(argument);
      return 0;
    case kSetName: {
      process::Name given{};
      const auto length = kernel::ReadUserString(given, {argument});
      if (!length && length.error() != Errno::kNameTooLong) {
        return std::unexpected(length.error());
      }
      given.back() = '\0';
      name = given;
      return 0;
    }
    case kGetName:
      TRY(kernel::WriteUser({argument}, std::as_bytes(std::span(name))));
      return 0;
    default:
      return kInvalid;
  }
}

// Everything that other threads see is in order on one processor.
posix::CallResult Membarrier(int command, uint32_t flags) {
  // Linux's uapi/linux/membarrier.h.
  constexpr int kQuery = 0;
  constexpr int kPrivateExpedited = 8;
  constexpr int kRegisterPrivateExpedited = 16;
  if (flags != 0) return kInvalid;
  switch (command) {
    case kQuery:
      return kPrivateExpedited | kRegisterPrivateExpedited;
    case kPrivateExpedited:
    case kRegisterPrivateExpedited:
      return 0;
    default:
      return kInvalid;
  }
}

}  // namespace syscall
