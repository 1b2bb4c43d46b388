#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <optional>

#include "userspace/machine/instruction_counter.h"
#include "userspace/machine/system_call.h"

namespace bench {

// Instructions per operation; none when a call failed, which the trial then knows.
using Figure = std::optional<uint64_t>;

// Measures one row of the table. A call that fails ends the row and not the program, for the kernel
// may be young.
class Trial {
 public:
  // Whether a system call succeeded. The first one that did not is remembered.
  bool Did(const char* call, long result) {
    if (static_cast<unsigned long>(result) < kFirstFailure) [[likely]]
      return true;
    Fail(call, static_cast<int>(-result));
    return false;
  }
  void Fail(const char* call, int error);

  const char* failed_call() const { return failed_call_; }
  int error() const { return error_; }

  // The instructions of operation(), which returns whether it succeeded, without those of reading
  // the counter.
  template <typename Operation>
  uint64_t Time(Operation operation) {
    const uint64_t begin = machine::ReadInstructionCounter();
    operation();
    const uint64_t total = machine::ReadInstructionCounter() - begin;
    return total > reading_cost_ ? total - reading_cost_ : 0;
  }

  // The mean over `count` times operation(), after some to warm up. It returns whether it
  // succeeded.
  template <typename Operation>
  Figure Average(unsigned count, Operation operation) {
    for (unsigned i = 0; i < count / kWarmUpShare + 1; ++i) {
      if (!operation()) return std::nullopt;
    }
    bool done = true;
    const uint64_t total = Time([&] {
      for (unsigned i = 0; i < count && done; ++i) done = operation();
    });
    if (!done) return std::nullopt;
    return Mean(total, count);
  }

  static uint64_t Mean(uint64_t total, uint64_t count) { return (total + count / 2) / count; }

  // What a child measured and handed over with Report(); none if it failed, or died before.
  Figure Await(pid_t child, int report);

 private:
  static constexpr unsigned kWarmUpShare = 8;
  static constexpr unsigned long kFirstFailure = -4095UL;

  static uint64_t ReadingCost();

  uint64_t reading_cost_ = ReadingCost();
  const char* failed_call_ = nullptr;
  int error_ = 0;
};

// Anonymous memory of this process, zeroed; unmapped at the end. Invalid, and the trial failed, if
// there is none.
class Mapping {
 public:
  Mapping(Trial& trial, size_t size_bytes, int protection, int flags);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  bool valid() const { return first_ != nullptr; }
  volatile char* page(size_t index) const;
  long address(size_t page_index) const;

 private:
  char* first_ = nullptr;
  size_t size_bytes_;
};

inline constexpr size_t kPageBytes = 4096;

// Writes to each of the pages.
inline void WritePages(const Mapping& mapping, size_t pages) {
  for (size_t i = 0; i < pages; ++i) *mapping.page(i) = 1;
}

// As programs do it, through the C library: 0 in the child, a negative errno for a failure.
pid_t Fork();
[[noreturn]] void Exit(int status);
long Wait(pid_t child);

// A child that runs `work`, which does not return, until this object ends.
class Partner {
 public:
  template <typename Work>
  Partner(Trial& trial, Work work) {
    const pid_t pid = Fork();
    if (pid == 0) {
      work();
      Exit(1);
    }
    if (trial.Did("clone", pid)) pid_ = pid;
  }
  ~Partner();
  Partner(const Partner&) = delete;
  Partner& operator=(const Partner&) = delete;

  bool valid() const { return pid_ > 0; }

 private:
  pid_t pid_ = 0;
};

// Runs `measure`, which returns a Figure, in a child of its own, and returns what that found.
template <typename Measure>
Figure InChild(Trial& trial, Measure measure);

// A pipe; invalid, and the trial failed, if there is none.
class Pipe {
 public:
  explicit Pipe(Trial& trial);
  ~Pipe();
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  bool valid() const { return ends_[0] >= 0; }
  int read_end() const { return ends_[0]; }
  int write_end() const { return ends_[1]; }

 private:
  int ends_[2] = {-1, -1};
};

// A child's answer to its parent.
struct Report {
  uint64_t figure;
  // 0: the figure holds. Otherwise the errno of `call`, text of this program, which both processes
  // have at one address.
  int error;
  const char* call;
};

template <typename Measure>
Figure InChild(Trial& trial, Measure measure) {
  const Pipe answer(trial);
  if (!answer.valid()) return std::nullopt;
  const pid_t child = Fork();
  if (child == 0) {
    const Figure figure = measure();
    const Report report = {figure.value_or(0), trial.error(), trial.failed_call()};
    machine::SystemCall(SYS_write, answer.write_end(), reinterpret_cast<long>(&report),
                        sizeof report);
    Exit(0);
  }
  if (!trial.Did("clone", child)) return std::nullopt;
  return trial.Await(child, answer.read_end());
}

}  // namespace bench
