#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>

namespace fuzz {

// What an argument is made of. A wrong one is taken now and then wherever a kernel has to look.
enum class Kind : uint8_t {
  kNone,
  kNumber,     // any number
  kSmall,      // 0..15
  kFlags,      // a few bits
  kAddress,    // of memory, the fuzzer's or nobody's
  kSize,       // bytes
  kFile,       // a descriptor, mostly one that is open
  kPath,       // a name in the fuzzer's directory, or a bad address
  kNoWait,     // flags with IPC_NOWAIT or WNOHANG
  kNoHang,     // flags of waitid with WNOHANG
  kNoBlock,    // flags with O_NONBLOCK
  kShortTime,  // a timespec of at most a moment, or a bad address
  kSegment,    // a SysV segment or queue
  kMapFlags,   // flags of mmap without MAP_FIXED, so that the fuzzer's own code stays
  kClone,      // flags of clone that leave the child memory of its own
  kSignal,     // one that is sent to nobody but the fuzzer, and does not stop it
};

inline constexpr size_t kMostArguments = 6;

struct CallForm {
  const char* name;
  long number;
  Kind arguments[kMostArguments];

  constexpr bool Takes(Kind kind) const {
    return std::ranges::find(arguments, kind) != std::end(arguments);
  }
};

// The calls that may be tried: none of them ends the machine, waits for ever, or reaches what is
// not the fuzzer's.
std::span<const CallForm> CallForms();

}  // namespace fuzz
