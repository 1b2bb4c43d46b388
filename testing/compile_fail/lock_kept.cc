#include "kernel/sync/cpu.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

// Returns on an error path with the lock taken.
bool TryChange(locking::SpinLock& lock, bool fails) {
  const locking::CpuPin pin;
  lock.Acquire(pin);
  if (fails) return false;
  lock.Release();
  return true;
}
