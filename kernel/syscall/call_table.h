// Which function does which call. Calls that are not here return kNotImplemented.
#pragma once

#include <array>
#include <cstddef>

#include "kernel/posix/call.h"
#include "kernel/syscall/adapt.h"
#include "kernel/syscall/machine_calls.h"
#include "kernel/syscall/memory_calls.h"
#include "kernel/syscall/message_calls.h"
#include "kernel/syscall/shared_memory_calls.h"
#include "kernel/syscall/thread_pointer_calls.h"
#include "kernel/syscall/user_calls.h"

namespace syscall {

struct CallRow {
  posix::Call call;
  Handler handler;
};

inline constexpr auto kCallRows = [] {
  using posix::Call;
  return std::to_array<CallRow>({
      {Call::kMmap, kAdapted<Mmap>},
      {Call::kMmap2, kAdapted<Mmap2>},
      {Call::kMunmap, kAdapted<Munmap>},
      {Call::kMprotect, kAdapted<Mprotect>},
      {Call::kMremap, kAdapted<Mremap>},
      {Call::kMadvise, kAdapted<Madvise>},
      {Call::kBrk, kAdapted<Brk>},
      {Call::kMsync, kAdapted<Msync>},
      {Call::kMincore, kAdapted<Mincore>},
      {Call::kMlock, kAdapted<Mlock>},
      {Call::kMlock2, kAdapted<Mlock2>},
      {Call::kMunlock, kAdapted<Munlock>},
      {Call::kMlockall, kAdapted<Mlockall>},
      {Call::kMunlockall, kAdapted<Munlockall>},
      {Call::kShmget, kAdapted<Shmget>},
      {Call::kShmat, kAdapted<Shmat>},
      {Call::kShmdt, kAdapted<Shmdt>},
      {Call::kShmctl, kAdapted<Shmctl>},
      {Call::kMsgget, kAdapted<Msgget>},
      {Call::kMsgsnd, kAdapted<Msgsnd>},
      {Call::kMsgrcv, kAdapted<Msgrcv>},
      {Call::kMsgctl, kAdapted<Msgctl>},
      {Call::kUname, kAdapted<Uname>},
      {Call::kSethostname, kAdapted<Sethostname>},
      {Call::kSysinfo, kAdapted<Sysinfo>},
      {Call::kGetrandom, kAdapted<Getrandom>},
      {Call::kReboot, kAdapted<Reboot>},
      {Call::kArchPrctl, kAdapted<ArchPrctl>},
      {Call::kSetTls, kAdapted<SetTls>},
      {Call::kCacheflush, kAdapted<Cacheflush>},
      {Call::kGetuid, kAdapted<Getuid>},
      {Call::kGeteuid, kAdapted<Geteuid>},
      {Call::kGetgid, kAdapted<Getgid>},
      {Call::kGetegid, kAdapted<Getegid>},
      {Call::kSetuid, kAdapted<Setuid>},
      {Call::kSetgid, kAdapted<Setgid>},
      {Call::kSetreuid, kAdapted<Setreuid>},
      {Call::kSetregid, kAdapted<Setregid>},
      {Call::kSetresuid, kAdapted<Setresuid>},
      {Call::kSetresgid, kAdapted<Setresgid>},
      {Call::kGetresuid, kAdapted<Getresuid>},
      {Call::kGetresgid, kAdapted<Getresgid>},
      {Call::kGetgroups, kAdapted<Getgroups>},
      {Call::kSetgroups, kAdapted<Setgroups>},
      {Call::kGetuid32, kAdapted<Getuid>},
      {Call::kGeteuid32, kAdapted<Geteuid>},
      {Call::kGetgid32, kAdapted<Getgid>},
      {Call::kGetegid32, kAdapted<Getegid>},
      {Call::kSetuid32, kAdapted<Setuid>},
      {Call::kSetgid32, kAdapted<Setgid>},
      {Call::kSetreuid32, kAdapted<Setreuid>},
      {Call::kSetregid32, kAdapted<Setregid>},
      {Call::kSetresuid32, kAdapted<Setresuid>},
      {Call::kSetresgid32, kAdapted<Setresgid>},
      {Call::kGetresuid32, kAdapted<Getresuid>},
      {Call::kGetresgid32, kAdapted<Getresgid>},
      {Call::kGetgroups32, kAdapted<Getgroups>},
      {Call::kSetgroups32, kAdapted<Setgroups>},
  });
}();

// Null for a call that nobody does.
inline constexpr auto kHandlerOfCall = [] {
  std::array<Handler, posix::kCallCount> handlers{};
  for (const CallRow& row : kCallRows) handlers[static_cast<size_t>(row.call)] = row.handler;
  return handlers;
}();

[[nodiscard]] constexpr Handler HandlerOf(posix::Call call) {
  return kHandlerOfCall[static_cast<size_t>(call)];
}

}  // namespace syscall
