// nice values: kept and shown. Whoever may run gets turns of one length all the same.
#include <algorithm>
#include <optional>

#include "kernel/process/current.h"
#include "kernel/process/system.h"
#include "kernel/syscall/process_calls.h"

namespace syscall {
namespace {

using posix::Errno;
using process::Process;

constexpr int kDearest = -20;
constexpr int kCheapest = 19;

// Linux's uapi/linux/resource.h: whose value.
enum class Whose : int { kProcess = 0, kGroup = 1, kUser = 2 };

// O(processes), but for one.
template <class Visit>
posix::Result<> ForEachMeant(int whose, int id, Visit&& visit) {
  Process& caller = kernel::CurrentProcess();
  process::PidTable& pids = process::TheSystem().pids();
  switch (static_cast<Whose>(whose)) {
    case Whose::kProcess:
      if (id == 0) {
        visit(caller);
      } else if (const auto* const thread = pids.Find(id).thread) {
        visit(thread->process());
      }
      return {};
    case Whose::kGroup: {
      process::ProcessGroup* const group = id == 0 ? caller.group : pids.Find(id).group;
      if (group != nullptr) group->members().ForEach(visit);
      return {};
    }
    case Whose::kUser: {
      const uint32_t user = id == 0 ? caller.credentials.user : static_cast<uint32_t>(id);
      for (process::Pid pid = pids.ScanForProcess(0); pid != 0; pid = pids.ScanForProcess(pid)) {
        Process& one = *pids.Find(pid).process;
        if (one.credentials.user == user) visit(one);
      }
      return {};
    }
  }
  return std::unexpected(Errno::kInvalid);
}

posix::Result<> SetNice(const process::Credentials& caller, Process& target, int nice) {
  if (caller.effective_user != 0) {
    const process::Credentials& owner = target.credentials;
    const bool is_own =
        owner.user == caller.effective_user || owner.effective_user == caller.effective_user;
    if (!is_own) return std::unexpected(Errno::kNotPermitted);
    if (nice < target.nice) return std::unexpected(Errno::kAccess);
  }
  target.nice = nice;
  return {};
}

}  // namespace

// As Linux tells it, so that no value is an error: 20 - nice. Of several processes, the dearest.
posix::CallResult Getpriority(int whose, int id) {
  std::optional<int> found;
  TRY(ForEachMeant(whose, id,
                   [&](Process& one) { found = found ? std::min(*found, one.nice) : one.nice; }));
  if (!found) return std::unexpected(Errno::kNoProcess);
  return kCheapest + 1 - *found;
}

posix::CallResult Setpriority(int whose, int id, int nice) {
  const process::Credentials& caller = kernel::CurrentProcess().credentials;
  std::optional<posix::Result<>> result;
  TRY(ForEachMeant(whose, id, [&](Process& one) {
    const auto set = SetNice(caller, one, std::clamp(nice, kDearest, kCheapest));
    if (!result || !set) result = set;
  }));
  if (!result) return std::unexpected(Errno::kNoProcess);
  TRY(*result);
  return 0;
}

}  // namespace syscall
