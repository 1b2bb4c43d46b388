// Another process that knows nothing of a test's blocks but what it is told.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>

#include "userspace/libatlas/shared/shared_block.h"

namespace shared {

inline constexpr size_t kPage = 4096;

// A child from before the blocks were made. It does what it is told, one thing at a time.
class Partner {
 public:
  Partner();
  Partner(const Partner&) = delete;
  Partner& operator=(const Partner&) = delete;
  // Ends it, and waits for that.
  ~Partner() { Kill(); }

  void Kill();

  // What it finds at the address, or -1 if that is the end of it.
  int Read(const volatile void* block);
  bool Write(volatile void* block, int value);
  // As many bytes as a system call of it takes from there; or the error with a minus.
  int PassToKernel(const void* block, size_t bytes);
  bool Free(void* block);
  // A block of its own, with a value in its first byte.
  void* Make(size_t bytes, int value);
  // Writes over everything from there on.
  bool Scribble(void* base, size_t bytes);

 private:
  struct Order;

  [[noreturn]] static void Serve(int orders, int answers);
  intptr_t Tell(const Order& order);

  pid_t pid_ = -1;
  int orders_ = -1;
  int answers_ = -1;
};

// How many areas show the block; 0 when there is none.
[[nodiscard]] inline uint32_t ViewsOf(const void* block) {
  atlas::SharedBlock found;
  return atlas::FindSharedBlock(block, found) == 0 ? found.views : 0;
}

}  // namespace shared
