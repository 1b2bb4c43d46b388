#include "kernel/fs/file_locks.h"

#include <memory>
#include <new>
#include <utility>

namespace fs {

using posix::Errno;

namespace {

bool Overlap(const FileLock& left, const FileLock& right) {
  return left.first <= right.last && right.first <= left.last;
}

bool HaveOneOwner(const FileLock& left, const FileLock& right) {
  return left.kind == right.kind && left.owner == right.owner;
}

bool Conflict(const FileLock& left, const FileLock& right) {
  const bool is_exclusive =
      left.mode == FileLock::Mode::kExclusive || right.mode == FileLock::Mode::kExclusive;
  return left.kind == right.kind && left.owner != right.owner && is_exclusive &&
         Overlap(left, right);
}

}  // namespace

FileLocks::~FileLocks() {
  while (first_ != nullptr) memory().Free(std::exchange(first_, first_->next));
}

posix::Result<FileLocks::Node*> FileLocks::NewNode(const FileLock& lock) {
  const base::Result<void*> block = memory().Allocate(sizeof(Node));
  if (!block) return std::unexpected(Errno::kOutOfMemory);
  return new (*block) Node{nullptr, lock};
}

std::optional<FileLock> FileLocks::ScanForConflict(const FileLock& wanted) const {
  for (const Node* node = first_; node != nullptr; node = node->next) {
    if (Conflict(node->lock, wanted)) return node->lock;
  }
  return std::nullopt;
}

void FileLocks::CutOut(const FileLock& range, Node*& spare) {
  for (Node** link = &first_; *link != nullptr;) {
    FileLock& lock = (*link)->lock;
    if (!HaveOneOwner(lock, range) || !Overlap(lock, range)) {
      link = &(*link)->next;
      continue;
    }
    const bool keeps_front = lock.first < range.first;
    const bool keeps_back = lock.last > range.last;
    if (keeps_front && keeps_back) {
      Node* const back = std::exchange(spare, nullptr);
      back->lock = lock;
      back->lock.first = range.last + 1;
      back->next = (*link)->next;
      (*link)->next = back;
      lock.last = range.first - 1;
    } else if (keeps_front) {
      lock.last = range.first - 1;
    } else if (keeps_back) {
      lock.first = range.last + 1;
    } else {
      memory().Free(std::exchange(*link, (*link)->next));
      continue;
    }
    link = &(*link)->next;
  }
}

posix::Result<> FileLocks::Set(const FileLock& lock) {
  if (ScanForConflict(lock)) return std::unexpected(Errno::kAgain);
  // At most one lock is cut in two: an owner's do not overlap.
  Node* const added = TRY(NewNode(lock));
  const posix::Result<Node*> half = NewNode(lock);
  if (!half) {
    memory().Free(added);
    return std::unexpected(half.error());
  }
  Node* spare = *half;
  CutOut(lock, spare);
  memory().Free(spare);
  added->next = first_;
  first_ = added;
  // An exclusive lock may have become a shared one.
  changed_.WakeAll();
  return {};
}

posix::Result<> FileLocks::WaitToSet(const FileLock& lock) {
  while (ScanForConflict(lock)) {
    if (changed_.Wait() == sched::WaitResult::kInterrupted) {
      return std::unexpected(Errno::kRestart);
    }
  }
  return Set(lock);
}

posix::Result<> FileLocks::Remove(const FileLock& range) {
  Node* spare = TRY(NewNode(range));
  CutOut(range, spare);
  memory().Free(spare);
  changed_.WakeAll();
  return {};
}

void FileLocks::RemoveAll(const void* owner) {
  for (Node** link = &first_; *link != nullptr;) {
    if ((*link)->lock.owner == owner) {
      memory().Free(std::exchange(*link, (*link)->next));
    } else {
      link = &(*link)->next;
    }
  }
  changed_.WakeAll();
}

base::Result<> FileLocks::CheckInvariants() const {
  for (const Node* node = first_; node != nullptr; node = node->next) {
    bool is_sound = node->lock.first <= node->lock.last;
    for (const Node* other = node->next; other != nullptr; other = other->next) {
      const bool overlap_own =
          HaveOneOwner(node->lock, other->lock) && Overlap(node->lock, other->lock);
      is_sound = is_sound && !overlap_own && !Conflict(node->lock, other->lock);
    }
    if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

}  // namespace fs
