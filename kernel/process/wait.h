// Waiting for children: wait4 and waitid.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/posix/errno.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/process.h"

namespace process {

struct WaitRequest {
  enum class Who : uint8_t { kAnyChild, kChild, kGroup };

  // A clone is who tells of its end by another signal than SIGCHLD, or by none.
  enum class Kind : uint8_t { kOrdinary, kClone, kAny };

  Who who = Who::kAnyChild;
  Pid id = 0;  // of the child or the group
  Kind kind = Kind::kOrdinary;
  // What is to be told of.
  bool wants_ended = true;
  bool wants_stopped = false;
  bool wants_continued = false;
  // Not to block (WNOHANG), and not to be the last who is told (WNOWAIT).
  bool may_block = true;
  bool leaves_it = false;
};

struct WaitReport {
  Pid child;
  ExitStatus status;
  posix::SignalCode code;
  Credentials credentials;
  Usage usage;  // of the child and of those that it has waited for
};

// For a child of the process that runs, which gets its usage when the child has ended. Nothing:
// none has anything to tell, and it may not block. Errors: kNoChild, kRestart.
[[nodiscard]] posix::Result<std::optional<WaitReport>> Wait(const WaitRequest& request);

}  // namespace process
