#include "kernel/process/exec.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "kernel/fs/buffer.h"
#include "kernel/process/application_loader.h"
#include "kernel/process/exit.h"
#include "kernel/process/native_messages.h"
#include "kernel/process/native_threads.h"
#include "kernel/process/program_loader.h"
#include "kernel/process/script_line.h"
#include "kernel/process/signals.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"

namespace process {
namespace {

using posix::Errno;

// A script's interpreter may be a script.
constexpr unsigned kMostScripts = 4;

// The text of a script's first line, which the file's name is kept beside: it is an argument then.
struct Script {
  std::array<char, kScriptLineBytes> bytes;
  ScriptLine line;
};

// Nothing if the file is no script. Errors: those of the file, and of ParseScriptLine().
posix::Result<bool> ReadScript(fs::Inode& file, Script& script) {
  fs::KernelDestination destination(std::as_writable_bytes(std::span(script.bytes)));
  const size_t size = TRY(file.ReadAt(0, destination));
  const std::string_view text(script.bytes.data(), size);
  if (!IsScript(text)) return false;
  script.line = TRY(ParseScriptLine(text));
  return true;
}

// What is to be executed.
struct Found {
  const Application* application = nullptr;  // null: a program
  LoadedFiles files;                         // of an application, the file that named it
};

// Follows scripts to a program or an application, and puts their interpreters in front of the
// arguments.
posix::Result<> FindProgram(fs::Ref<fs::Inode> file, std::string_view path, fs::WorkingState& place,
                            ArgumentBlock& arguments, Found& found) {
  // The path of a script is its interpreter's argument; the next script's path is in the line.
  std::array<Script, 2> scripts;
  for (unsigned depth = 0; depth <= kMostScripts; ++depth) {
    TRY(CheckExecutable(*file));
    Script& script = scripts[depth % scripts.size()];
    if (!TRY(ReadScript(*file, script))) return ReadProgram(std::move(file), place, found.files);
    const std::array<std::string_view, 3> texts = {script.line.interpreter, script.line.argument,
                                                   path};
    const std::array<std::string_view, 2> texts_without = {script.line.interpreter, path};
    TRY(arguments.ReplaceFirstArgument(script.line.argument.empty()
                                           ? std::span<const std::string_view>(texts_without)
                                           : std::span<const std::string_view>(texts)));
    path = script.line.interpreter;
    if (const Application* const application = TRY(FindApplication(path))) {
      found.application = application;
      found.files.file = std::move(file);
      return {};
    }
    file = TRY(TheSystem().environment().names.Find(place.directory(), path));
  }
  return std::unexpected(Errno::kTooManySymlinks);
}

// What is shared with other processes becomes the process's own, as it is.
posix::Result<> Unshare(Process& process) {
  if (process.files->references() > 1) process.files = TRY(process.files->Copy());
  if (process.actions->references() > 1) process.actions = TRY(process.actions->Copy());
  return {};
}

void SetName(Process& process, std::string_view path) {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == path.npos ? path : path.substr(slash + 1);
  process.name = {};
  const size_t length = std::min(name.size(), process.name.size() - 1);
  std::ranges::copy(name.substr(0, length), process.name.begin());
}

// From here on there is no way back. The old space may end here.
void UseSpace(Process& process, kernel::SpaceReference space) {
  TheSystem().Activate(*space);
  process.space = std::move(space);
  ReturnSpaceToParent(process);
}

void ForgetOldProgram(UserThread& thread) {
  Process& process = thread.process();
  process.actions->ForgetHandlers();
  process.timers.DeleteAll();
  process.files->CloseOnExecFiles();
  process.has_executed = true;
  process.dumpable = 1;
  process.exit_signal = posix::NumberOf(posix::Signal::kChild);
  thread.signals.alternate = {};
  thread.farewell = {};
  thread.kept_deadline.reset();
}

// Nothing is left of what the process did before: `space` is the new program's.
posix::Result<> LeaveOldProgram(UserThread& thread, kernel::SpaceReference space) {
  // While it has its number, and its memory.
  BidFarewell(thread);
  TRY(EndOtherThreads(thread));
  AbandonCall(thread.open_call);
  EndNative(thread);
  EndSystemProcess(thread.process());
  UseSpace(thread.process(), std::move(space));
  ForgetOldProgram(thread);
  return {};
}

void StartThread(UserThread& thread, mm::VirtAddr entry, mm::VirtAddr stack_pointer,
                 mm::VirtAddr thread_pointer) {
  thread.registers() = arch::StartRegisters(entry, stack_pointer);
  arch::ResetFloatState(thread.state());
  static_cast<void>(
      arch::SetThreadPointer(thread.state(), static_cast<uintptr_t>(thread_pointer.value)));
}

// The rest of Execute(), for a program from a file.
posix::Result<> ExecuteFile(UserThread& thread, const LoadedFiles& files, std::string_view path,
                            const ArgumentBlock& arguments) {
  Process& process = thread.process();
  ProgramImage image =
      TRY(MapProgram(files, arguments, process.limits[posix::Resource::kStackBytes].soft));
  TRY(LeaveOldProgram(thread, image.space));
  process.plan.reset();
  SetName(process, path);
  process.executable = files.file;
  const auto stack = WriteStack(files, image, arguments, path, process.credentials);
  if (!stack) {
    EndProcess(process, ExitStatus::Killed(posix::Signal::kKill));
    return {};
  }
  process.places = {.arguments = stack->arguments,
                    .environment = stack->environment,
                    .code = image.code,
                    .data = image.data,
                    .stack_base = stack->stack_pointer};
  StartThread(thread, image.start, stack->stack_pointer, {});
  return {};
}

// And for an application of the image.
posix::Result<> ExecuteApplication(UserThread& thread, const Application& application,
                                   fs::Ref<fs::Inode> file, const ArgumentBlock& arguments) {
  Process& process = thread.process();
  ApplicationImage image = TRY(MapApplication(application, arguments));
  TRY(LeaveOldProgram(thread, std::move(image.space)));
  process.plan = image.plan;
  SetName(process, application.name);
  process.executable = std::move(file);
  const auto stack_pointer = WriteApplicationStack(application, image.plan, arguments);
  if (!stack_pointer) {
    EndProcess(process, ExitStatus::Killed(posix::Signal::kKill));
    return {};
  }
  const mm::VirtAddr copy = image.plan.shared().base;
  process.places = {.arguments = {copy - arguments.argument_bytes(), arguments.argument_bytes()},
                    .stack_base = *stack_pointer};
  StartThread(thread, TheSystem().environment().applications.start(), *stack_pointer, copy);
  return {};
}

}  // namespace

posix::Result<> Execute(UserThread& thread, fs::Ref<fs::Inode> file, std::string_view path,
                        ArgumentBlock& arguments) {
  Process& process = thread.process();
  // Programs that look at their own name find one.
  if (arguments.argument_count() == 0) {
    const std::array<std::string_view, 1> name = {path};
    TRY(arguments.ReplaceFirstArgument(name));
  }
  Found found;
  TRY(FindProgram(std::move(file), path, *process.place, arguments, found));
  TRY(Unshare(process));
  if (found.application == nullptr) return ExecuteFile(thread, found.files, path, arguments);
  return ExecuteApplication(thread, *found.application, found.files.file, arguments);
}

}  // namespace process
