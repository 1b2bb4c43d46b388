#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

namespace crowd {

inline constexpr size_t kPageBytes = 4096;

// What all of them see, members that execute the program again as well: a file of memory.
struct Meeting {
  std::atomic<uint32_t> ready;  // members that have come to the end of their first round
  std::atomic<bool> is_over;
  int segment;  // SysV's number of it
  char* block;  // of global shared memory: the same address for all
};

inline constexpr size_t kBlockPages = 4;

// What every process inherits: its creator's pages.
inline constexpr size_t kInheritedPages = 16;
inline constexpr char kInheritedValue = 0x11;

struct Place {
  Meeting* meeting;
  int file;  // the meeting's
  char* inherited;
  uint32_t number;  // of the member
};

// A way to use memory. `round` is called again and again in a process of its own, and returns
// whether everything was there as it had left it.
struct Kind {
  const char* name;
  bool (*round)(const Place& place);
};

std::span<const Kind> Kinds();

// Rounds of the member's kind until all is over; does not return.
[[noreturn]] void Live(const Place& place);

// The program is executed again as a member: with its words, and what it is told with them.
void LiveIfExecuted(int argc, char** argv);

}  // namespace crowd
