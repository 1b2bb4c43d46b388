// The numbers of processes, threads, groups and sessions, which are one space: each number says in
// O(1) who has it. A number is free again when it names nothing any more.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/fs/object.h"

namespace process {

class UserThread;
class Process;
class ProcessGroup;
class Session;

// Linux's pid_t. Negative numbers and 0 have meanings of their own in calls; they name nobody.
using Pid = int32_t;

inline constexpr Pid kInitPid = 1;

class PidTable {
 public:
  // Numbers are below it, as Linux's default has it.
  static constexpr Pid kLimit = 32768;
  // Where numbers begin again when they have reached the limit: those below are mostly of processes
  // that live long.
  static constexpr Pid kFirstReused = 300;

  struct Names {
    UserThread* thread = nullptr;
    Process* process = nullptr;
    ProcessGroup* group = nullptr;
    Session* session = nullptr;

    [[nodiscard]] bool IsFree() const {
      return thread == nullptr && process == nullptr && group == nullptr && session == nullptr;
    }
  };

  explicit PidTable(fs::Memory& memory) : memory_(memory) {}
  PidTable(const PidTable&) = delete;
  PidTable& operator=(const PidTable&) = delete;
  ~PidTable();

  // What the number names; nothing, for any number that names nothing. O(1).
  [[nodiscard]] Names Find(Pid pid) const;

  // A free number, which names `thread` from now on: mostly the one after the last, so that a
  // number is not used again soon. Errors: kOutOfMemory, kNotFound (all are in use). O(1) on
  // average while most are free.
  [[nodiscard]] base::Result<Pid> Take(UserThread& thread);

  // What a number in use names, to be changed; when it names nothing any more, Drop() it.
  [[nodiscard]] Names& Of(Pid pid);
  // Frees the number if it names nothing.
  void DropIfFree(Pid pid);

  // Takes no memory for numbers that are free, until the next Take(). O(1).
  void DropCaches();

  // The lowest number above `after` that names a process; 0 for none. O(numbers in between).
  [[nodiscard]] Pid ScanForProcess(Pid after) const;

  [[nodiscard]] size_t used() const { return used_; }
  [[nodiscard]] Pid last() const { return last_; }

  // Error: kCorrupt. O(kLimit).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr size_t kPerChunk = 128;
  struct Chunk {
    std::array<Names, kPerChunk> names{};
    size_t used = 0;
  };
  static constexpr size_t kChunks = static_cast<size_t>(kLimit) / kPerChunk;

  [[nodiscard]] base::Result<Chunk*> EnsureChunk(size_t index);
  void FreeIfEmpty(size_t index);
  void FreeIfUnused(size_t index);

  fs::Memory& memory_;
  std::array<Chunk*, kChunks> chunks_{};  // null: nothing used, or not yet
  size_t used_ = 0;
  Pid last_ = 0;
};

}  // namespace process
