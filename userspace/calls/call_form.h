// How the kernel's system calls are called: which arguments each takes, what a right one is, and
// what comes of a wrong one. Attacks try each wrong argument by itself, the fuzzer tries random
// ones.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "kernel/posix/call.h"

namespace calls {

// What an argument is made of.
enum class Kind : uint8_t {
  kNone,
  kFixed,   // the right number, always
  kNumber,  // any number
  kSmall,   // 0..15
  kFlags,   // a few bits
  kLong,    // a number of 64 bits: two registers where they have 32
  kSize,    // bytes of what the argument before points to
  // Descriptors: a regular file, its directory or AT_FDCWD, the ends of a pipe, a message queue.
  kFile,
  kAt,
  kDirectory,
  kReadEnd,
  kWriteEnd,
  kQueue,
  // Names: of a file, of nothing yet, of an empty directory, of a symbolic link; and any text.
  kPath,
  kNewPath,
  kEmptyDirectory,
  kLink,
  kText,
  kProgram,
  // Memory that is read; written, and maybe read before; a time, of a moment at most; an iovec;
  // pointers to texts.
  kIn,
  kOut,
  kTime,
  kVector,
  kStrings,
  // Addresses through which the call itself neither reads nor writes.
  kRange,
  kThreadPointer,
  // Identities.
  kSelf,
  kChild,  // one that has ended and was not waited for
  kSegment,
  kMessages,
  kTimer,
  kSignal,  // one that ends nobody but its receiver
  // Flags with which a call does not wait, leaves what is mapped, or gives the child its own
  // memory.
  kNoWait,
  kNoHang,
  kNoBlock,
  kMapFlags,
  kClone,
};

// Whether the call reads or writes there.
[[nodiscard]] constexpr bool IsPointer(Kind kind) {
  return kind >= Kind::kPath && kind <= Kind::kStrings;
}
// Whether it is an address all the same.
[[nodiscard]] constexpr bool IsAddress(Kind kind) {
  return kind == Kind::kRange || kind == Kind::kThreadPointer;
}

// Errors that a call may come to; 0 stands for success.
class Outcomes {
 public:
  constexpr Outcomes() = default;
  constexpr Outcomes(std::initializer_list<int> errors) {
    for (const int error : errors) Add(static_cast<size_t>(error));
  }
  // What nobody tries, as it would not come back.
  static constexpr Outcomes NotTried() {
    Outcomes none;
    none.Add(kNotTried);
    return none;
  }

  // Of a raw system call's result.
  [[nodiscard]] constexpr bool Has(long result) const {
    constexpr long kLastError = 4095;
    const bool failed = result < 0 && result >= -kLastError;
    const auto error = failed ? static_cast<size_t>(-result) : 0;
    return error < kNotTried && Contains(error);
  }
  [[nodiscard]] constexpr bool AreTried() const { return !Contains(kNotTried); }
  [[nodiscard]] constexpr bool IsEmpty() const {
    return std::ranges::all_of(bits_, [](uint32_t word) { return word == 0; });
  }

 private:
  static constexpr size_t kNotTried = 159;
  static constexpr size_t kWordBits = 32;

  constexpr void Add(size_t error) {
    bits_[error / kWordBits] |= uint32_t{1} << (error % kWordBits);
  }
  [[nodiscard]] constexpr bool Contains(size_t error) const {
    return (bits_[error / kWordBits] >> (error % kWordBits) & 1) != 0;
  }

  std::array<uint32_t, (kNotTried + 1) / kWordBits> bits_{};
};

struct Argument {
  Kind kind = Kind::kNone;
  // The right number; of memory that is read, each of its words.
  long good = 0;
  uint16_t bytes = 0;  // of what a pointer leads to, as far as is touched for certain
  Outcomes foreign{};  // it is the kernel's, nobody's, or wraps
  Outcomes empty{};    // nothing is there, or it has no rights
  // The last bytes of the program's memory, or of its part of the address space.
  Outcomes half{};
  Outcomes null{};        // empty: as if it were right
  Outcomes misaligned{};  // the same
};

// Whether the fuzzer tries a call, and attacks also with nothing but right arguments; and whether
// two come back from it.
enum class Trial : uint8_t {
  kNone = 0,
  kFuzzed = 1,
  kGood = 2,
  kAll = 3,
  kForks = 4,
  kAllForks = 7
};

[[nodiscard]] constexpr bool Has(Trial trials, Trial one) {
  return (static_cast<uint8_t>(trials) & static_cast<uint8_t>(one)) != 0;
}

inline constexpr size_t kMostArguments = 6;

struct CallForm {
  posix::Call call;
  const char* name;
  std::array<Argument, kMostArguments> arguments{};
  Outcomes good{0};  // with right arguments
  Trial trial = Trial::kAll;
  uint32_t own_number = 0;  // of a call that Linux does not have: the same on every processor

  [[nodiscard]] constexpr bool Takes(Kind kind) const {
    return std::ranges::find(arguments, kind, &Argument::kind) != arguments.end();
  }
};

inline constexpr size_t kWordBytes = sizeof(long);
inline constexpr long kPageBytes = 4096;

[[nodiscard]] constexpr Argument Of(Kind kind, long good = 0) {
  return {.kind = kind, .good = good};
}
[[nodiscard]] constexpr Argument Fixed(long good) { return Of(Kind::kFixed, good); }
[[nodiscard]] constexpr Argument Number(long good) { return Of(Kind::kNumber, good); }
[[nodiscard]] constexpr Argument Small(long good = 0) { return Of(Kind::kSmall, good); }
[[nodiscard]] constexpr Argument Flags(long good = 0) { return Of(Kind::kFlags, good); }
[[nodiscard]] constexpr Argument Long(long good = 0) { return Of(Kind::kLong, good); }

// `wrapping` is what comes of one that reaches beyond the last address.
[[nodiscard]] constexpr Argument Size(long good, const Outcomes& wrapping = {EFAULT}) {
  return {.kind = Kind::kSize, .good = good, .foreign = wrapping};
}

[[nodiscard]] constexpr Argument Pointer(Kind kind, size_t bytes, long word = 0) {
  return {.kind = kind,
          .good = word,
          .bytes = static_cast<uint16_t>(bytes),
          .foreign = {EFAULT},
          .empty = {EFAULT},
          .half = {EFAULT},
          .null = {EFAULT}};
}
[[nodiscard]] constexpr Argument In(size_t bytes, long word = 0) {
  return Pointer(Kind::kIn, bytes, word);
}
[[nodiscard]] constexpr Argument Out(size_t bytes) { return Pointer(Kind::kOut, bytes); }
[[nodiscard]] constexpr Argument Text(Kind kind = Kind::kText) { return Pointer(kind, 1); }
[[nodiscard]] constexpr Argument Path() { return Text(Kind::kPath); }
[[nodiscard]] constexpr Argument NewPath() { return Text(Kind::kNewPath); }
[[nodiscard]] constexpr Argument Time(size_t word_bytes = kWordBytes) {
  return Pointer(Kind::kTime, 2 * word_bytes);
}
[[nodiscard]] constexpr Argument Vector() { return Pointer(Kind::kVector, 2 * kWordBytes); }
[[nodiscard]] constexpr Argument Strings() {
  Argument strings = Pointer(Kind::kStrings, 4 * kWordBytes);
  strings.null = Outcomes::NotTried();
  return strings;
}

// A word that has to be aligned.
[[nodiscard]] constexpr Argument FutexWord() {
  Argument word = Pointer(Kind::kIn, sizeof(int));
  word.half = {EINVAL};
  word.misaligned = {EINVAL};
  return word;
}

// Null stands for none.
[[nodiscard]] constexpr Argument Optional(Argument pointer) {
  pointer.null = {};
  return pointer;
}
// The same, of a time: the call then waits without end.
[[nodiscard]] constexpr Argument Limit(size_t word_bytes = kWordBytes) {
  Argument time = Time(word_bytes);
  time.null = Outcomes::NotTried();
  return time;
}
// Null is not like a right one, and yet no fault.
[[nodiscard]] constexpr Argument NullIs(const Outcomes& outcomes, Argument pointer) {
  pointer.null = outcomes;
  return pointer;
}
// What comes before the end is done.
[[nodiscard]] constexpr Argument InPart(Argument pointer) {
  pointer.half = {0, EFAULT};
  return pointer;
}
// Not touched now, perhaps never: the outcome is that of right ones.
[[nodiscard]] constexpr Argument Untouched(Argument pointer) {
  pointer.foreign = pointer.empty = pointer.half = pointer.null = {};
  return pointer;
}
// The errors that any wrong one comes to.
[[nodiscard]] constexpr Argument With(Argument pointer, const Outcomes& outcomes) {
  pointer.foreign = pointer.empty = pointer.half = pointer.null = outcomes;
  return pointer;
}

// Pages, by their first address.
[[nodiscard]] constexpr Argument Range(const Outcomes& foreign, const Outcomes& empty,
                                       const Outcomes& null,
                                       const Outcomes& misaligned = {EINVAL}) {
  return {.kind = Kind::kRange,
          .foreign = foreign,
          .empty = empty,
          .half = foreign,
          .null = null,
          .misaligned = misaligned};
}
[[nodiscard]] constexpr Argument Range(const Outcomes& wrong) { return Range(wrong, wrong, wrong); }

[[nodiscard]] constexpr Argument ThreadPointer(const Outcomes& foreign) {
  return {.kind = Kind::kThreadPointer, .foreign = foreign};
}

}  // namespace calls
