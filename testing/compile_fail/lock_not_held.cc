#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace {

class Counter {
 public:
  void Add() {
    const locking::SpinLockHolder hold(lock_);
    ++count_;
  }
  void AddWithoutTheLock() { ++count_; }

 private:
  locking::SpinLock lock_;
  int count_ GUARDED_BY(lock_) = 0;
};

}  // namespace

void UseCounter() {
  Counter counter;
  counter.Add();
  counter.AddWithoutTheLock();
}
