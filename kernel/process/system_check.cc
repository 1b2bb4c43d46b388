#include <cstddef>

#include "kernel/process/system.h"
#include "kernel/process/system_process.h"

namespace process {
namespace {

// Whether the process's threads are what it and the table of numbers say. Adds them to `threads`.
bool HasItsThreads(Process& process, PidTable& pids, size_t& threads) {
  size_t count = 0;
  bool is_sound = true;
  for (const UserThread& thread : process.threads) {
    ++count;
    is_sound =
        is_sound && &thread.process() == &process && pids.Find(thread.id()).thread == &thread;
  }
  threads += count;
  const bool is_zombie = process.life == LifeState::kZombie;
  return is_sound && count == process.thread_count && is_zombie == (count == 0);
}

// What threads share is there as long as they are.
bool HasItsParts(const Process& process) {
  const bool is_zombie = process.life == LifeState::kZombie;
  const bool has_all = process.space && process.files && process.place && process.actions;
  const bool has_any = process.space || process.files || process.place || process.actions;
  return is_zombie ? !has_any : has_all;
}

bool IsInItsGroup(const Process& process, PidTable& pids) {
  if (process.group == nullptr || pids.Find(process.group->id()).group != process.group) {
    return false;
  }
  const Session& session = process.group->session();
  if (pids.Find(session.id()).session != &session) return false;
  bool is_member = false;
  for (const Process& member : process.group->members()) is_member |= &member == &process;
  return is_member;
}

bool IsParentOfItsChildren(Process& process) {
  bool is_sound = true;
  for (const Process& child : process.children) is_sound = is_sound && child.parent == &process;
  return is_sound && process.signals.CheckInvariants().has_value();
}

}  // namespace

base::Result<> System::CheckInvariants() {
  TRY(pids_.CheckInvariants());
  TRY(scheduler_.CheckInvariants());
  size_t processes = 0;
  size_t threads = 0;
  bool is_sound = true;
  for (Pid pid = pids_.ScanForProcess(0); pid != 0; pid = pids_.ScanForProcess(pid)) {
    Process& process = *pids_.Find(pid).process;
    ++processes;
    is_sound = is_sound && (process.system == nullptr || process.system == system_process_);
    is_sound = is_sound && process.id() == pid && HasItsThreads(process, pids_, threads) &&
               HasItsParts(process) && IsInItsGroup(process, pids_) &&
               IsParentOfItsChildren(process);
  }
  if (system_process_ != nullptr) TRY(system_process_->CheckInvariants());
  // Those that have finished and are not buried yet are in no process's list.
  is_sound = is_sound && processes == process_count_ && threads <= thread_count_;
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace process
