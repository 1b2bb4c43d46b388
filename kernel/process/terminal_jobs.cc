#include "kernel/process/terminal_jobs.h"

#include "kernel/process/current.h"
#include "kernel/process/group.h"
#include "kernel/process/job_control.h"
#include "kernel/process/signals.h"

namespace process {
namespace {

ProcessGroup* FindGroup(int32_t id) { return TheSystem().pids().Find(id).group; }

}  // namespace

int32_t TerminalJobs::CurrentGroup() { return kernel::CurrentProcess().group->id(); }

int32_t TerminalJobs::CurrentSession() { return kernel::CurrentProcess().group->session().id(); }

bool TerminalJobs::CurrentLeadsSession() {
  return CurrentSession() == kernel::CurrentProcess().id();
}

int32_t TerminalJobs::SessionOf(int32_t group) {
  const ProcessGroup* const found = FindGroup(group);
  return found != nullptr ? found->session().id() : 0;
}

bool TerminalJobs::IsOrphaned(int32_t group) {
  ProcessGroup* const found = FindGroup(group);
  return found == nullptr || process::IsOrphaned(*found);
}

bool TerminalJobs::CurrentIgnores(posix::Signal signal) {
  return kernel::CurrentThread().signals.blocked.Has(signal) ||
         kernel::CurrentProcess().actions->Ignores(signal);
}

void TerminalJobs::SignalGroup(int32_t group, posix::Signal signal) {
  ProcessGroup* const found = FindGroup(group);
  if (found == nullptr) return;
  found->members().ForEach([signal](Process& process) {
    // A signal without a sender never queues up, so that there is always room.
    (void)SendToProcess(process, signal, InformationOf(signal));
  });
}

}  // namespace process
