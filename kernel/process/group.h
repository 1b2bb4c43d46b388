// Process groups and sessions: what a terminal and its shell know of processes. Both exist as long
// as they have members.
#pragma once

#include <cstddef>

#include "kernel/base/intrusive_list.h"
#include "kernel/process/pid_table.h"

namespace process {

// Processes that a user started together; made by setsid().
class Session {
 public:
  explicit Session(Pid id) : id_(id) {}

  [[nodiscard]] Pid id() const { return id_; }
  [[nodiscard]] bool HasGroups() const { return groups_ > 0; }

 private:
  friend class ProcessGroup;

  Pid id_;
  size_t groups_ = 0;
};

// For lists of the processes of a group.
struct GroupMember;

// A job: processes that signals reach together.
class ProcessGroup {
 public:
  ProcessGroup(Pid id, Session& session) : id_(id), session_(session) { ++session.groups_; }
  ~ProcessGroup() { --session_.groups_; }
  ProcessGroup(const ProcessGroup&) = delete;
  ProcessGroup& operator=(const ProcessGroup&) = delete;

  [[nodiscard]] Pid id() const { return id_; }
  [[nodiscard]] Session& session() const { return session_; }
  [[nodiscard]] base::List<Process, GroupMember>& members() { return members_; }

 private:
  Pid id_;
  Session& session_;
  base::List<Process, GroupMember> members_;
};

}  // namespace process
