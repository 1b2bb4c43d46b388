#include "userspace/fuzz_calls/arguments.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace fuzz {
namespace {

constexpr size_t kPage = 4096;
constexpr size_t kArenaPages = 64;
constexpr unsigned kBits = sizeof(long) * CHAR_BIT;

// Names that the calls make, change and remove.
constexpr const char* kPaths[] = {"fuzz.a",           "fuzz.b",    "fuzz.d", "fuzz.d/e",
                                  "fuzz.d/../fuzz.b", "./fuzz.d/", ""};

constexpr long kNanoseconds = 1000;

}  // namespace

Arguments::Arguments(Random& random) : random_(random) {
  // Room around it, into which it can grow: what lies next to it is nothing of the fuzzer's.
  const size_t size = 3 * kArenaPages * kPage;
  void* const place = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  arena_ = static_cast<char*>(place) + kArenaPages * kPage;
  mprotect(arena_, kArenaPages * kPage, PROT_READ | PROT_WRITE);
  for (size_t i = 0; i < kArenaPages * kPage; i += sizeof(uint32_t)) {
    *reinterpret_cast<uint32_t*>(arena_ + i) =
        random_.Below(4) == 0 ? random_.Next() : random_.Below(64);
  }
}

long Arguments::Number() {
  switch (random_.Below(4)) {
    case 0:
      return static_cast<long>(random_.Below(64));
    case 1:
      return -static_cast<long>(random_.Below(64));
    case 2:
      return static_cast<long>(1UL << random_.Below(kBits)) - static_cast<long>(random_.Below(2));
    default:
      return static_cast<long>((uint64_t{random_.Next()} << 32) | random_.Next());
  }
}

// Mostly within the arena, also at the start of a page; otherwise where nothing of the fuzzer's can
// be.
long Arguments::Address() {
  const auto first = reinterpret_cast<long>(arena_);
  switch (random_.Below(8)) {
    case 0:
      return 0;
    case 1:
      return -static_cast<long>(1UL << random_.Below(kBits));
    case 2:
      return -static_cast<long>(random_.Below(kPage));
    case 3:
      return static_cast<long>(random_.Below(kPage));
    case 4:
      return first + static_cast<long>(random_.Below(kArenaPages * kPage));
    default:
      return first + static_cast<long>(random_.Below(kArenaPages)) * static_cast<long>(kPage);
  }
}

// No more than the arena has, or so much that nobody has it.
long Arguments::Size() {
  switch (random_.Below(6)) {
    case 0:
      return 0;
    case 1:
      return -static_cast<long>(random_.Below(2 * kPage)) - 1;
    case 2:
      return static_cast<long>(random_.Below(kPage));
    default:
      return static_cast<long>(random_.Below(kArenaPages)) * static_cast<long>(kPage);
  }
}

long Arguments::Path() {
  if (random_.Below(8) == 0) return -static_cast<long>(random_.Below(kPage));
  return reinterpret_cast<long>(kPaths[random_.Below(std::size(kPaths))]);
}

// Mostly one that is open.
long Arguments::File() {
  return random_.Below(16) == 0 ? Number() : static_cast<long>(random_.Below(12));
}

long Arguments::ShortTime(size_t bytes) {
  static constexpr long kMoment[] = {0, kNanoseconds};
  static constexpr int64_t kLongMoment[] = {0, kNanoseconds};
  if (random_.Below(4) == 0) return -static_cast<long>(1 + random_.Below(kPage));
  return bytes == sizeof kMoment ? reinterpret_cast<long>(kMoment)
                                 : reinterpret_cast<long>(kLongMoment);
}

long Arguments::Make(const calls::Argument& argument) {
  using calls::Kind;
  constexpr long kCloneFlags[] = {0,
                                  SIGCHLD,
                                  CLONE_FS,
                                  CLONE_FILES,
                                  CLONE_SETTLS,
                                  CLONE_PARENT_SETTID,
                                  CLONE_CHILD_SETTID,
                                  CLONE_CHILD_CLEARTID};
  constexpr int kHarmless[] = {0, SIGUSR1, SIGCONT, SIGCHLD, SIGURG, SIGWINCH, 0, 65, -1};
  switch (argument.kind) {
    case Kind::kNone:
      return 0;
    case Kind::kFixed:
    case Kind::kThreadPointer:
      return argument.good;
    case Kind::kNumber:
    case Kind::kChild:
      return Number();
    case Kind::kSmall:
    case Kind::kLong:
    case Kind::kTimer:
      return static_cast<long>(random_.Below(16));
    case Kind::kFlags:
      return random_.Below(3) == 0 ? static_cast<long>(1UL << random_.Below(24))
                                   : static_cast<long>(random_.Below(8));
    case Kind::kSize:
      return Size();
    case Kind::kAt:
      if (random_.Below(2) == 0) return AT_FDCWD;
      return File();
    case Kind::kFile:
    case Kind::kDirectory:
    case Kind::kReadEnd:
    case Kind::kWriteEnd:
    case Kind::kQueue:
      return File();
    case Kind::kPath:
    case Kind::kNewPath:
    case Kind::kEmptyDirectory:
    case Kind::kLink:
    case Kind::kText:
    case Kind::kProgram:
      return Path();
    case Kind::kIn:
    case Kind::kOut:
    case Kind::kVector:
    case Kind::kStrings:
    case Kind::kRange:
      return Address();
    case Kind::kTime:
      return ShortTime(argument.bytes);
    case Kind::kSelf:
      return getpid();
    case Kind::kSegment:
    case Kind::kMessages:
      return static_cast<long>(random_.Below(24));
    case Kind::kSignal:
      return kHarmless[random_.Below(std::size(kHarmless))];
    case Kind::kNoWait:
      return IPC_NOWAIT | 1 | static_cast<long>(random_.Below(2) << 13);
    case Kind::kNoHang:
      return WNOHANG | (random_.Below(2) == 0 ? WEXITED : static_cast<long>(random_.Below(16))) |
             (random_.Below(2) == 0 ? 0 : WNOWAIT);
    case Kind::kNoBlock:
      return O_NONBLOCK | (random_.Below(2) == 0 ? 0 : O_CLOEXEC);
    case Kind::kMapFlags:
      return (1 + static_cast<long>(random_.Below(2))) |
             (random_.Below(4) != 0 ? MAP_ANONYMOUS : 0);
    case Kind::kClone:
      return kCloneFlags[random_.Below(std::size(kCloneFlags))] |
             kCloneFlags[random_.Below(std::size(kCloneFlags))];
  }
  return 0;
}

}  // namespace fuzz
