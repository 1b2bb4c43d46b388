// Groups and sessions as the terminal sees them.
#pragma once

#include "kernel/fs/job_control.h"
#include "kernel/posix/signal.h"
#include "kernel/process/system.h"

namespace process {

class TerminalJobs final : public fs::JobControl {
 public:
  // Before there is a system, no group exists and nobody runs.
  TerminalJobs() = default;

  int32_t CurrentGroup() override;
  int32_t CurrentSession() override;
  bool CurrentLeadsSession() override;
  int32_t SessionOf(int32_t group) override;
  bool IsOrphaned(int32_t group) override;
  bool CurrentIgnores(posix::Signal signal) override;
  void SignalGroup(int32_t group, posix::Signal signal) override;
};

}  // namespace process
