#include <optional>

#include "kernel/process/current.h"
#include "kernel/process/wait.h"
#include "kernel/syscall/process_calls.h"
#include "kernel/syscall/usage.h"

namespace syscall {
namespace {

using posix::Errno;
using process::WaitReport;
using process::WaitRequest;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

// Linux's uapi/linux/wait.h.
constexpr uint32_t kNoHang = 1;
constexpr uint32_t kStopped = 2;  // WUNTRACED
constexpr uint32_t kExited = 4;
constexpr uint32_t kContinued = 8;
constexpr uint32_t kNoWait = 0x0100'0000;
constexpr uint32_t kOwnThreads = 1 << 29;        // __WNOTHREAD: children are the whole process's
constexpr uint32_t kAllKinds = 1 << 30;          // __WALL
constexpr uint32_t kClones = uint32_t{1} << 31;  // __WCLONE
constexpr uint32_t kKinds = kOwnThreads | kAllKinds | kClones;

WaitRequest::Kind KindOf(uint32_t options) {
  if ((options & kAllKinds) != 0) return WaitRequest::Kind::kAny;
  return (options & kClones) != 0 ? WaitRequest::Kind::kClone : WaitRequest::Kind::kOrdinary;
}

WaitRequest RequestOf(uint32_t options) {
  return {.kind = KindOf(options),
          .wants_stopped = (options & kStopped) != 0,
          .wants_continued = (options & kContinued) != 0,
          .may_block = (options & kNoHang) == 0};
}

posix::Result<> WriteUsage(UserUsage usage, const WaitReport& report) {
  if (usage.IsNull()) return {};
  return usage.Write(UsageFrom(report.usage));
}

}  // namespace

posix::CallResult Wait4(int process, kernel::UserPointer<uint32_t> status, uint32_t options,
                        UserUsage usage) {
  if ((options & ~(kNoHang | kStopped | kContinued | kKinds)) != 0) return kInvalid;
  if (process == INT32_MIN) return std::unexpected(Errno::kNoProcess);
  WaitRequest request = RequestOf(options);
  if (process > 0) {
    request.who = WaitRequest::Who::kChild;
    request.id = process;
  } else if (process != -1) {
    request.who = WaitRequest::Who::kGroup;
    request.id = process == 0 ? kernel::CurrentProcess().group->id() : -process;
  }
  const std::optional<WaitReport> report = TRY(process::Wait(request));
  if (!report) return 0;
  if (!status.IsNull()) TRY(status.Write(report->status.value));
  TRY(WriteUsage(usage, *report));
  return report->child;
}

posix::CallResult Waitid(int kind, int id, UserSignalInformation information, uint32_t options,
                         UserUsage usage) {
  constexpr int kAll = 0;
  constexpr int kProcess = 1;
  constexpr int kGroup = 2;
  constexpr uint32_t kWhat = kStopped | kExited | kContinued;
  if ((options & ~(kWhat | kNoHang | kNoWait | kKinds)) != 0 || (options & kWhat) == 0) {
    return kInvalid;
  }
  WaitRequest request = RequestOf(options);
  request.wants_ended = (options & kExited) != 0;
  request.leaves_it = (options & kNoWait) != 0;
  switch (kind) {
    case kAll:
      break;
    case kProcess:
    case kGroup:
      if (id < 0 || (id == 0 && kind == kProcess)) return kInvalid;
      request.who = kind == kProcess ? WaitRequest::Who::kChild : WaitRequest::Who::kGroup;
      request.id = id == 0 ? kernel::CurrentProcess().group->id() : id;
      break;
    default:
      return kInvalid;
  }
  const std::optional<WaitReport> report = TRY(process::Wait(request));
  posix::SignalInformation told{};
  if (report) {
    const uint32_t status = report->status.value;
    const bool is_exit = report->code == posix::SignalCode::kExited;
    const bool is_kill = report->code == posix::SignalCode::kKilled;
    const bool is_continue = report->code == posix::SignalCode::kContinued;
    told.signal = static_cast<int32_t>(posix::NumberOf(posix::Signal::kChild));
    told.code = static_cast<int32_t>(report->code);
    told.process = {.process = report->child,
                    .user = report->credentials.user,
                    .value = is_kill
                                 ? status & 0x7f
                                 : (is_continue ? posix::NumberOf(posix::Signal::kContinue)
                                                : (is_exit ? status >> 8 : (status >> 8) & 0xff))};
    TRY(WriteUsage(usage, *report));
  }
  if (!information.IsNull()) {
    TRY(kernel::WriteUser(information.va(), std::as_bytes(std::span(&told, 1))));
  }
  return 0;
}

}  // namespace syscall
