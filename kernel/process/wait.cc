#include "kernel/process/wait.h"

#include <algorithm>

#include "kernel/process/current.h"
#include "kernel/process/exit.h"

namespace process {
namespace {

bool IsOfKind(const Process& child, WaitRequest::Kind kind) {
  const bool is_clone = child.exit_signal != posix::NumberOf(posix::Signal::kChild);
  return kind == WaitRequest::Kind::kAny || is_clone == (kind == WaitRequest::Kind::kClone);
}

bool IsMeant(const Process& child, const WaitRequest& request) {
  if (!IsOfKind(child, request.kind)) return false;
  switch (request.who) {
    case WaitRequest::Who::kAnyChild:
      return true;
    case WaitRequest::Who::kChild:
      return child.id() == request.id;
    case WaitRequest::Who::kGroup:
      return child.group != nullptr && child.group->id() == request.id;
  }
  return false;
}

WaitReport ReportOf(const Process& child, ExitStatus status, posix::SignalCode code) {
  WaitReport report = {.child = child.id(),
                       .status = status,
                       .code = code,
                       .credentials = child.credentials,
                       .usage = child.usage};
  report.usage.Add(child.children_usage);
  return report;
}

// What the child has to tell, if that was asked for.
std::optional<WaitReport> AskChild(Process& parent, Process& child, const WaitRequest& request) {
  if (child.life == LifeState::kZombie) {
    if (!request.wants_ended) return std::nullopt;
    const WaitReport report = ReportOf(
        child, child.exit_status,
        child.exit_status.IsKilled() ? posix::SignalCode::kKilled : posix::SignalCode::kExited);
    if (!request.leaves_it) {
      parent.children_usage.Add(report.usage);
      Release(child);
    }
    return report;
  }
  if (request.wants_stopped && child.has_untold_stop) {
    child.has_untold_stop = request.leaves_it;
    return ReportOf(child, ExitStatus::Stopped(child.stop_signal), posix::SignalCode::kStopped);
  }
  if (request.wants_continued && child.has_untold_continue) {
    child.has_untold_continue = request.leaves_it;
    return ReportOf(child, ExitStatus::Continued(), posix::SignalCode::kContinued);
  }
  return std::nullopt;
}

}  // namespace

void Usage::Add(const Usage& other) {
  user_ticks += other.user_ticks;
  minor_faults += other.minor_faults;
  signals += other.signals;
  most_resident_pages = std::max(most_resident_pages, other.most_resident_pages);
}

posix::Result<std::optional<WaitReport>> Wait(const WaitRequest& request) {
  Process& parent = kernel::CurrentProcess();
  while (true) {
    bool has_any = false;
    std::optional<WaitReport> report;
    for (Process& child : parent.children) {
      if (!IsMeant(child, request)) continue;
      has_any = true;
      report = AskChild(parent, child, request);  // after which the child may be gone
      if (report) return report;
    }
    if (!has_any) return std::unexpected(posix::Errno::kNoChild);
    if (!request.may_block) return std::nullopt;
    if (parent.child_changed.Wait() == sched::WaitResult::kInterrupted) {
      return std::unexpected(posix::Errno::kRestart);
    }
  }
}

}  // namespace process
