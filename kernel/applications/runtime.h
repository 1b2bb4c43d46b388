// What applications of the image use instead of a C library. Code and constants are the kernel's
// and lie where no system call takes a pointer to: what a call reads is copied to the stack first.
// What it keeps is each context's own (arch/ops/shared_state.h).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/print.h"
#include "kernel/posix/call.h"

namespace applications {

// A process's number.
using ProcessId = intptr_t;

inline constexpr int kInput = 0;
inline constexpr int kOutput = 1;

// A call without a wrapper below; its result, or less a posix::Errno.
[[nodiscard]] intptr_t Call(posix::Call call, uintptr_t first = 0, uintptr_t second = 0,
                            uintptr_t third = 0, uintptr_t fourth = 0);

[[noreturn]] void Exit(int status);

// --- Files. Descriptors are negative where the call failed.

// All of it, unless there is an error.
void Write(int descriptor, std::string_view text);
// At most `room`; nothing at the end, and where there is an error.
[[nodiscard]] std::string_view Read(int descriptor, std::span<char> room);
[[nodiscard]] int OpenToRead(std::string_view path);
[[nodiscard]] int OpenToWrite(std::string_view path);
void Close(int descriptor);
// `from` becomes `to`, whatever that was.
void Move(int from, int to);

struct Pipe {
  int read = -1;
  int write = -1;
};
[[nodiscard]] std::optional<Pipe> MakePipe();

class Output final : public base::Sink {
 public:
  void Write(std::string_view text) override { applications::Write(kOutput, text); }
};

// --- Processes.

// 0 in the child.
[[nodiscard]] ProcessId Fork();
// Does not return if it works.
void Execute(std::string_view path);
struct End {
  unsigned status = 0;  // of one that has ended by itself
  unsigned signal = 0;  // that killed it, or 0

  friend constexpr bool operator==(const End&, const End&) = default;
};
[[nodiscard]] End Wait(ProcessId child);
// For all children. Whoever loses its parent is one of the first process.
void WaitForChildren();
// Runs `what`, whose result is a status, in a child.
template <class Do>
End InChild(Do&& what) {
  const ProcessId child = Fork();
  if (child == 0) Exit(what());
  return Wait(child);
}

// --- Memory.

// Where the heap ends, and to move that; it stays where it is when it may not go there.
[[nodiscard]] uintptr_t Break();
uintptr_t SetBreak(uintptr_t end);

// Blocks of the heap, aligned to 8. Null when the heap has reached its end. There is no Free():
// an application that ends gives all back.
[[nodiscard]] void* Allocate(size_t bytes);

// How often Allocate() was called in this context.
[[nodiscard]] uint32_t Allocations();

}  // namespace applications
