#include "userspace/libatlas/mutex.h"

#include <sys/syscall.h>
#include <unistd.h>

namespace libatlas {
namespace {

// Linux's include/uapi/linux/futex.h, which not every C library comes with.
constexpr int kFutexPrivate = 128;
constexpr int kFutexWait = 0 | kFutexPrivate;
constexpr int kFutexWake = 1 | kFutexPrivate;

}  // namespace

void Mutex::Wait() {
  // Whoever takes it after a wait does not know whether others wait, too.
  while (state_.exchange(kWaitedFor, std::memory_order_acquire) != kFree) {
    syscall(SYS_futex, &state_, kFutexWait, kWaitedFor, nullptr);
  }
}

void Mutex::Wake() { syscall(SYS_futex, &state_, kFutexWake, 1); }

}  // namespace libatlas
