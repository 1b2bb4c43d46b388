// Resource limits and usage of the Linux interface, asm-generic/resource.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

namespace posix {

enum class Resource : uint8_t {
  kCpuSeconds = 0,
  kFileBytes = 1,
  kDataBytes = 2,
  kStackBytes = 3,
  kCoreBytes = 4,
  kResidentBytes = 5,
  kProcesses = 6,
  kOpenFiles = 7,
  kLockedBytes = 8,
  kAddressSpaceBytes = 9,
  kFileLocks = 10,
  kPendingSignals = 11,
  kMessageQueueBytes = 12,
  kNice = 13,
  kRealTimePriority = 14,
  kRealTimeMicroseconds = 15,
};

inline constexpr size_t kResourceCount = 16;

[[nodiscard]] constexpr std::optional<Resource> ResourceOf(unsigned number) {
  if (number >= kResourceCount) return std::nullopt;
  return static_cast<Resource>(number);
}

inline constexpr uint64_t kUnlimited = std::numeric_limits<uint64_t>::max();

// struct rlimit64: what prlimit64 passes on both architectures.
struct Limit {
  uint64_t soft = kUnlimited;
  uint64_t hard = kUnlimited;
};

// struct rlimit of the calls with limits of a word each; a word's largest value is no limit.
template <class Word>
struct WordLimitOf {
  Word soft;
  Word hard;
};
using WordLimit = WordLimitOf<uintptr_t>;

// What a process may use, by Resource.
class Limits {
 public:
  [[nodiscard]] constexpr const Limit& operator[](Resource resource) const {
    return limits_[static_cast<size_t>(resource)];
  }
  constexpr Limit& operator[](Resource resource) { return limits_[static_cast<size_t>(resource)]; }

 private:
  std::array<Limit, kResourceCount> limits_{};
};

// struct rusage: times, then 14 numbers of which the kernel fills some.
template <class Word>
struct UsageOf {
  struct Time {
    Word seconds;
    Word microseconds;
  };
  Time user;
  Time system;
  Word most_resident_kib;
  Word shared_kib;
  Word data_kib;
  Word stack_kib;
  Word minor_faults;
  Word major_faults;
  Word swaps;
  Word blocks_in;
  Word blocks_out;
  Word messages_sent;
  Word messages_received;
  Word signals;
  Word voluntary_switches;
  Word involuntary_switches;
};
using Usage = UsageOf<uintptr_t>;
static_assert(sizeof(UsageOf<uint64_t>) == 144 && sizeof(UsageOf<uint32_t>) == 72);

}  // namespace posix
