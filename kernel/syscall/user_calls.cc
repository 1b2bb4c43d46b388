#include "kernel/syscall/user_calls.h"

#include "kernel/process/current.h"

namespace syscall {
namespace {

using posix::Errno;
using process::Credentials;

Credentials& Mine() { return kernel::CurrentProcess().credentials; }

void SetUnlessKept(uint32_t& id, uint32_t wanted) {
  if (wanted != kKeepId) id = wanted;
}

intptr_t AsResult(uint32_t id) { return static_cast<intptr_t>(id); }

posix::Result<> WriteThree(UserId first, uint32_t a, UserId second, uint32_t b, UserId third,
                           uint32_t c) {
  TRY(first.Write(a));
  TRY(second.Write(b));
  return third.Write(c);
}

}  // namespace

posix::CallResult Getuid() { return AsResult(Mine().user); }
posix::CallResult Geteuid() { return AsResult(Mine().effective_user); }
posix::CallResult Getgid() { return AsResult(Mine().group); }
posix::CallResult Getegid() { return AsResult(Mine().effective_group); }

posix::CallResult Setuid(uint32_t user) {
  if (user == kKeepId) return std::unexpected(Errno::kInvalid);
  return Setresuid(user, user, user);
}

posix::CallResult Setgid(uint32_t group) {
  if (group == kKeepId) return std::unexpected(Errno::kInvalid);
  return Setresgid(group, group, group);
}

posix::CallResult Setreuid(uint32_t real, uint32_t effective) {
  return Setresuid(real, effective, effective);
}

posix::CallResult Setregid(uint32_t real, uint32_t effective) {
  return Setresgid(real, effective, effective);
}

posix::CallResult Setresuid(uint32_t real, uint32_t effective, uint32_t saved) {
  SetUnlessKept(Mine().user, real);
  SetUnlessKept(Mine().effective_user, effective);
  SetUnlessKept(Mine().saved_user, saved);
  return 0;
}

posix::CallResult Setresgid(uint32_t real, uint32_t effective, uint32_t saved) {
  SetUnlessKept(Mine().group, real);
  SetUnlessKept(Mine().effective_group, effective);
  SetUnlessKept(Mine().saved_group, saved);
  return 0;
}

posix::CallResult Getresuid(UserId real, UserId effective, UserId saved) {
  TRY(WriteThree(real, Mine().user, effective, Mine().effective_user, saved, Mine().saved_user));
  return 0;
}

posix::CallResult Getresgid(UserId real, UserId effective, UserId saved) {
  TRY(WriteThree(real, Mine().group, effective, Mine().effective_group, saved, Mine().saved_group));
  return 0;
}

posix::CallResult Getgroups(int count, UserId) {
  if (count < 0) return std::unexpected(Errno::kInvalid);
  return 0;
}

posix::CallResult Setgroups(int count, UserId groups) {
  constexpr int kMostGroups = 65536;
  if (count < 0 || count > kMostGroups) return std::unexpected(Errno::kInvalid);
  if (count > 0) TRY(groups.At(static_cast<size_t>(count) - 1).Read());
  return 0;
}

}  // namespace syscall
