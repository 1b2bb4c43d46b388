#include <algorithm>
#include <limits>
#include <optional>

#include "kernel/process/current.h"
#include "kernel/process/system.h"
#include "kernel/syscall/process_calls.h"
#include "kernel/syscall/usage.h"

namespace syscall {
namespace {

using posix::Errno;
using posix::Limit;
using posix::Resource;
using process::Process;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

constexpr uintptr_t kWordUnlimited = std::numeric_limits<uintptr_t>::max();

// A word that is too small says as much as it can.
posix::WordLimit ToWords(const Limit& limit) {
  const auto word = [](uint64_t value) {
    return static_cast<uintptr_t>(std::min<uint64_t>(value, kWordUnlimited));
  };
  return {.soft = word(limit.soft), .hard = word(limit.hard)};
}

Limit FromWords(const posix::WordLimit& limit) {
  const auto wide = [](uintptr_t word) {
    return word == kWordUnlimited ? posix::kUnlimited : uint64_t{word};
  };
  return {.soft = wide(limit.soft), .hard = wide(limit.hard)};
}

// Everybody may raise limits, up to what the kernel has room for.
posix::Result<> SetLimit(Process& process, Resource resource, const Limit& limit) {
  if (limit.soft > limit.hard) return kInvalid;
  if (resource == Resource::kOpenFiles && limit.hard > fs::FileTable::kMostDescriptors) {
    return std::unexpected(Errno::kNotPermitted);
  }
  process.limits[resource] = limit;
  if (resource == Resource::kOpenFiles && process.files) {
    process.files->SetLimit(static_cast<size_t>(limit.soft));
  }
  // That of an application of the kernel image is fixed.
  if (resource == Resource::kStackBytes && process.space && !process.plan) {
    process.space->SetStackLimit(limit.soft);
  }
  return {};
}

}  // namespace

posix::CallResult Getrlimit(uint32_t number, UserWordLimit limit) {
  const auto resource = posix::ResourceOf(number);
  if (!resource) return kInvalid;
  TRY(limit.Write(ToWords(kernel::CurrentProcess().limits[*resource])));
  return 0;
}

posix::CallResult Setrlimit(uint32_t number, UserWordLimit limit) {
  const auto resource = posix::ResourceOf(number);
  if (!resource) return kInvalid;
  TRY(SetLimit(kernel::CurrentProcess(), *resource, FromWords(TRY(limit.Read()))));
  return 0;
}

posix::CallResult Prlimit64(int id, uint32_t number, UserLimit limit, UserLimit before) {
  const auto resource = posix::ResourceOf(number);
  if (!resource) return kInvalid;
  Process* const process =
      id == 0 ? &kernel::CurrentProcess() : process::TheSystem().pids().Find(id).process;
  if (process == nullptr) return std::unexpected(Errno::kNoProcess);
  const Limit old = process->limits[*resource];
  if (!limit.IsNull()) TRY(SetLimit(*process, *resource, TRY(limit.Read())));
  if (!before.IsNull()) TRY(before.Write(old));
  return 0;
}

posix::CallResult Getrusage(int who, UserUsage usage) {
  constexpr int kSelf = 0;
  constexpr int kChildren = -1;
  constexpr int kThread = 1;
  Process& process = kernel::CurrentProcess();
  process::Usage found;
  switch (who) {
    case kSelf:
      found = UsageNow(process);
      break;
    case kChildren:
      found = process.children_usage;
      break;
    case kThread:
      found.user_ticks = kernel::CurrentThread().ticks();
      break;
    default:
      return kInvalid;
  }
  TRY(usage.Write(UsageFrom(found)));
  return 0;
}

posix::CallResult Times(kernel::UserPointer<posix::ProcessTimes> times) {
  Process& process = kernel::CurrentProcess();
  if (!times.IsNull()) {
    TRY(times.Write({.user = static_cast<intptr_t>(UsageNow(process).user_ticks),
                     .system = 0,
                     .children_user = static_cast<intptr_t>(process.children_usage.user_ticks),
                     .children_system = 0}));
  }
  return static_cast<intptr_t>(arch::TicksSinceBoot());
}

}  // namespace syscall
