#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"

namespace native {

inline constexpr size_t kPage = 4096;

// Makes this process's first thread a native one; its number.
int32_t Become();

// A child that is a native thread, runs run(parent's number), and exits with what that returns. Its
// number; it has become native when this returns, for it has sent a message that was received here.
pid_t StartPartner(int (*run)(int32_t parent));

// The partner ends with status 0.
void ExpectGoodEnd(pid_t partner);

// The next message, whose function is to be this; fails the test without one.
const atlas::Message& Await(uint32_t function);

// A thread of this process that runs run(argument).
void StartThread(void (*run)(void*), void* argument, int32_t* number = nullptr);

}  // namespace native
