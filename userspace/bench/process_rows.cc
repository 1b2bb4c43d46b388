// Processes: made, ended, and with memory in common.

#include <sys/mman.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "userspace/bench/rows.h"

namespace bench {
namespace {

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr size_t kPages = 256;
constexpr unsigned kRounds = 8;
constexpr unsigned kForks = 200;

// A process's whole life; `live` is all it does.
template <typename Live>
bool ForkAndWait(Trial& trial, Live live) {
  const pid_t child = Fork();
  if (child == 0) {
    live();
    Exit(0);
  }
  return trial.Did("clone", child) && trial.Did("wait4", Wait(child));
}

Figure ForkExitWait(Trial& trial) {
  return trial.Average(kForks, [&] { return ForkAndWait(trial, [] {}); });
}

Figure ForkExitWaitDirty(Trial& trial) {
  const Mapping mapping(trial, kPages * kPageBytes, kReadWrite, MAP_PRIVATE);
  if (!mapping.valid()) return std::nullopt;
  WritePages(mapping, kPages);
  return trial.Average(kForks, [&] { return ForkAndWait(trial, [] {}); });
}

// A write to nothing, which ends the process by its default action.
Figure ForkFaultWait(Trial& trial) {
  static char* volatile nowhere = nullptr;
  return trial.Average(kForks, [&] {
    return ForkAndWait(trial, [] { *static_cast<volatile char*>(nowhere) = 1; });
  });
}

enum class Writer { kChild, kParentAfterIt };

// The child copies what it writes. When it is gone, the parent has each page for itself and takes
// it back.
Figure CopyOnWrite(Trial& trial, Writer wanted) {
  uint64_t total = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    const Mapping mapping(trial, kPages * kPageBytes, kReadWrite, MAP_PRIVATE);
    if (!mapping.valid()) return std::nullopt;
    WritePages(mapping, kPages);
    const Figure copying = InChild(
        trial, [&]() -> Figure { return trial.Time([&] { WritePages(mapping, kPages); }); });
    if (!copying) return std::nullopt;
    const uint64_t reusing = trial.Time([&] { WritePages(mapping, kPages); });
    total += wanted == Writer::kChild ? *copying : reusing;
  }
  return Trial::Mean(total, kRounds * kPages);
}

Figure CopyOnWriteCopy(Trial& trial) { return CopyOnWrite(trial, Writer::kChild); }
Figure CopyOnWriteReuse(Trial& trial) { return CopyOnWrite(trial, Writer::kParentAfterIt); }

enum class Touch { kFirst, kSecondProcess };

// Shared anonymous memory: the parent's touch makes the page, the child's finds it.
Figure SharedTouch(Trial& trial, Touch wanted) {
  uint64_t total = 0;
  for (unsigned round = 0; round < kRounds; ++round) {
    const Mapping mapping(trial, kPages * kPageBytes, kReadWrite, MAP_SHARED);
    if (!mapping.valid()) return std::nullopt;
    const uint64_t first = trial.Time([&] { WritePages(mapping, kPages); });
    if (wanted == Touch::kFirst) {
      total += first;
      continue;
    }
    const Figure second = InChild(
        trial, [&]() -> Figure { return trial.Time([&] { WritePages(mapping, kPages); }); });
    if (!second) return std::nullopt;
    total += *second;
  }
  return Trial::Mean(total, kRounds * kPages);
}

Figure SharedFirstTouch(Trial& trial) { return SharedTouch(trial, Touch::kFirst); }
Figure SharedSecondTouch(Trial& trial) { return SharedTouch(trial, Touch::kSecondProcess); }

}  // namespace

const Row kProcessRows[] = {
    {"fork_exit_wait", ForkExitWait},         {"fork_exit_wait_1_mib", ForkExitWaitDirty},
    {"copy_on_write_copy", CopyOnWriteCopy},  {"copy_on_write_reuse", CopyOnWriteReuse},
    {"shared_first_touch", SharedFirstTouch}, {"shared_second_touch", SharedSecondTouch},
    {"fork_fault_wait", ForkFaultWait},
};
const unsigned kProcessRowCount = sizeof kProcessRows / sizeof kProcessRows[0];

}  // namespace bench
