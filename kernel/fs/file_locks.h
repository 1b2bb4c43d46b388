// Advisory locks on ranges of a file, fcntl()'s and flock()'s. They bind nobody but who asks for
// them.
//
// An owner's locks of one kind do not overlap: a new one replaces what it covers. Locks that wait
// for each other wait until a signal comes; Linux finds that out and calls it a deadlock.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/sched/wait_queue.h"

namespace fs {

struct FileLock {
  enum class Kind : uint8_t {
    kRecord,  // fcntl: the owner is a table of descriptors, and loses it with any of them
    kWhole,   // flock: the owner is an open file
  };
  enum class Mode : uint8_t { kShared, kExclusive };

  static constexpr uint64_t kEnd = std::numeric_limits<int64_t>::max();

  Kind kind = Kind::kRecord;
  Mode mode = Mode::kShared;
  const void* owner = nullptr;
  int32_t process = 0;  // that asked for it: only shown
  uint64_t first = 0;
  uint64_t last = kEnd;
};

// All locks of a file. Few are expected: everything scans.
class FileLocks final : public Object {
 public:
  explicit FileLocks(Memory& memory) : Object(memory) {}
  ~FileLocks() override;

  // A lock that would have to go first.
  [[nodiscard]] std::optional<FileLock> ScanForConflict(const FileLock& wanted) const;

  // Errors: kAgain where there is a conflict, kOutOfMemory; nothing has changed then.
  posix::Result<> Set(const FileLock& lock);
  // Blocks while there is a conflict. Errors: kRestart, kOutOfMemory.
  posix::Result<> WaitToSet(const FileLock& lock);
  // Of the owner's locks, what lies in the range; its mode does not matter. Error: kOutOfMemory (a
  // hole makes two of one), and nothing has changed.
  posix::Result<> Remove(const FileLock& range);
  // All of an owner's, of whatever kind.
  void RemoveAll(const void* owner);

  [[nodiscard]] bool IsEmpty() const { return first_ == nullptr; }

  // Error: kCorrupt. O(locks squared).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  struct Node {
    Node* next;
    FileLock lock;
  };

  [[nodiscard]] posix::Result<Node*> NewNode(const FileLock& lock);
  // Takes the range out of the owner's locks; `spare` becomes the second half of one that is cut in
  // two, and is null then.
  void CutOut(const FileLock& range, Node*& spare);

  Node* first_ = nullptr;
  sched::WaitQueue changed_;
};

}  // namespace fs
