// Native threads: each has its own stack, its own queue of messages and its own control block, at
// the same addresses as every other one.
#pragma once

#include <cstdint>

#include "userspace/libatlas/native/message.h"

namespace atlas {

// What a thread runs first. It has to stay until the thread has begun.
struct ThreadStart {
  void (*run)(void* argument);
  void* argument;
  uintptr_t thread_pointer;  // 0: the C library cannot be used in it
};

// The process's first thread becomes a native one and goes on. Returns its queue, null with an
// error: -EEXIST (it is one), -EPERM (not the first), -ENOTSUP (the layout has none).
const Queue* BecomeNative(long* error = nullptr);

// A new one, which ends when `start.run` returns. Its number, or -ENOMEM, -EAGAIN, -ENOTSUP.
long CreateThread(const ThreadStart& start);

// Any thread, of pthread_create() for one, becomes a native one on an empty stack of its own and
// runs `start.run`, which does not return; it may call pthread_exit(). Returns only with an error.
long EnterNative(const ThreadStart& start);

}  // namespace atlas
