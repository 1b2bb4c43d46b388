// Process groups as the terminal needs them. The process table implements it; a host test plays it.
#pragma once

#include <cstdint>

#include "kernel/posix/signal.h"

namespace fs {

class JobControl {
 public:
  // Of the process that runs.
  [[nodiscard]] virtual int32_t CurrentGroup() = 0;
  [[nodiscard]] virtual int32_t CurrentSession() = 0;
  // Whether it leads its session, so that a terminal it opens can become the session's.
  [[nodiscard]] virtual bool CurrentLeadsSession() = 0;
  // The session that a group belongs to; 0 when there is no such group.
  [[nodiscard]] virtual int32_t SessionOf(int32_t group) = 0;
  // Whether the group's session has no process that could take it up again: nobody stops it then.
  [[nodiscard]] virtual bool IsOrphaned(int32_t group) = 0;
  // Whether the thread that runs blocks or ignores the signal.
  [[nodiscard]] virtual bool CurrentIgnores(posix::Signal signal) = 0;
  // To each process of the group. Works from the tick, too.
  virtual void SignalGroup(int32_t group, posix::Signal signal) = 0;

 protected:
  JobControl() = default;
  ~JobControl() = default;
  JobControl(const JobControl&) = default;
  JobControl& operator=(const JobControl&) = default;
};

}  // namespace fs
