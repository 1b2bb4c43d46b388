// Messages between threads. Results are the system calls': not negative, or an error's number with
// a minus, as of machine::SystemCall. docs/messages.md tells the whole story.
#pragma once

#include <cstdint>

namespace atlas {

// Flags of a message. kPages is the sender's to set; kCall says that the sender waits for a reply.
inline constexpr uint32_t kCall = 1;
inline constexpr uint32_t kPages = 2;

// As the receiver finds it. A sender fills in function, arguments and kPages; who replies also
// `call`, as it came.
struct Message {
  int32_t sender = 0;   // a thread's number
  int32_t process = 0;  // its process's
  uint32_t function = 0;
  uint32_t flags = 0;
  uint64_t call = 0;
  uint64_t arguments[5] = {};  // with kPages the first two: where pages begin, and their bytes
};

// The page at the beginning of a thread's queue; message n, from 0, is in slot n modulo `capacity`.
struct Queue {
  uint64_t arrived;
  uint64_t received;
  uint32_t capacity;
  uint32_t message_bytes;
  uint64_t unused[5];
  Message messages[63];
};

// To the kernel, whichever thread receives interrupts now: the system process's.
inline constexpr int32_t kSystemThread = 0;

// How long to wait: nanoseconds.
inline constexpr uint64_t kForever = ~uint64_t{0};

// -ESRCH: no native thread has that number; -EOWNERDEAD: it ended meanwhile; -EAGAIN: its queue is
// full, and nobody waits (0 nanoseconds); -ETIMEDOUT; -EINTR.
long Send(int32_t thread, const Message& message, uint64_t nanoseconds = kForever);

// Sends it and waits for the reply. -EOWNERDEAD: it ended without one.
long Call(int32_t thread, const Message& message, Message& reply, uint64_t nanoseconds = kForever);

// The next message of this thread's queue, which stays as it is, with its pages, until the next
// Receive(). Null: `error` says why.
const Message* Receive(uint64_t nanoseconds = kForever, long* error = nullptr);

// Answers `message.call` of the thread that sent it. -ESRCH: it does not wait for that any more.
long Reply(int32_t thread, const Message& message);

}  // namespace atlas
