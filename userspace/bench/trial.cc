#include "userspace/bench/trial.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace bench {

using machine::SystemCall;

void Trial::Fail(const char* call, int error) {
  if (failed_call_ != nullptr) return;
  failed_call_ = call;
  error_ = error;
}

uint64_t Trial::ReadingCost() {
  // A coarse counter needs many readings to show what one costs.
  constexpr unsigned kReadings = 1024;
  uint64_t last = 0;
  const uint64_t begin = machine::ReadInstructionCounter();
  for (unsigned i = 0; i < kReadings; ++i) last = machine::ReadInstructionCounter();
  return (last - begin) / kReadings;
}

Figure Trial::Await(pid_t child, int report) {
  // The child has written by the time it is gone.
  if (!Did("wait4", Wait(child))) return std::nullopt;
  Report answer = {};
  const long size = SystemCall(SYS_read, report, reinterpret_cast<long>(&answer), sizeof answer);
  if (!Did("read", size)) return std::nullopt;
  if (size != sizeof answer) {
    Fail("child", ECHILD);
    return std::nullopt;
  }
  if (answer.call != nullptr) {
    Fail(answer.call, answer.error);
    return std::nullopt;
  }
  return answer.figure;
}

Mapping::Mapping(Trial& trial, size_t size_bytes, int protection, int flags)
    : size_bytes_(size_bytes) {
  const long result = SystemCall(machine::kMapCall, 0, static_cast<long>(size_bytes), protection,
                                 flags | MAP_ANONYMOUS, -1, 0);
  if (trial.Did("mmap", result)) first_ = reinterpret_cast<char*>(result);
}

Mapping::~Mapping() {
  if (valid()) SystemCall(SYS_munmap, address(0), static_cast<long>(size_bytes_));
}

volatile char* Mapping::page(size_t index) const { return first_ + index * kPageBytes; }

long Mapping::address(size_t page_index) const {
  return reinterpret_cast<long>(first_ + page_index * kPageBytes);
}

pid_t Fork() {
  const pid_t pid = fork();
  return pid < 0 ? -errno : pid;
}

void Exit(int status) {
  while (true) SystemCall(SYS_exit_group, status);
}

long Wait(pid_t child) { return SystemCall(SYS_wait4, child, 0, 0, 0); }

Partner::~Partner() {
  if (!valid()) return;
  SystemCall(SYS_kill, pid_, SIGKILL);
  Wait(pid_);
}

Pipe::Pipe(Trial& trial) {
  int ends[2];
  if (!trial.Did("pipe2", SystemCall(SYS_pipe2, reinterpret_cast<long>(ends), 0))) return;
  std::copy_n(ends, 2, ends_);
}

Pipe::~Pipe() {
  for (const int end : ends_) {
    if (end >= 0) SystemCall(SYS_close, end);
  }
}

}  // namespace bench
