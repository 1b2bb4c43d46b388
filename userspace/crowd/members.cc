#include "userspace/crowd/members.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"
#include "userspace/libatlas/shared/shared_block.h"
#include "userspace/machine/system_call.h"
#include "userspace/support/text.h"

namespace crowd {
namespace {

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
constexpr const char* kExecutedWord = "member";

bool AllAre(const char* bytes, size_t count, char value) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] != value) return false;
  }
  return true;
}

char* NewPages(size_t pages, int protection, int flags, int file = -1) {
  void* const place = mmap(nullptr, pages * kPageBytes, protection, flags, file, 0);
  return place == MAP_FAILED ? nullptr : static_cast<char*>(place);
}

void FreePages(char* pages, size_t count) { munmap(pages, count * kPageBytes); }

char ValueOf(const Place& place) { return static_cast<char>('a' + place.number % 26); }

// Half of the creator's pages become the member's own; those that it only reads stay everybody's.
bool CopyOnWrite(const Place& place) {
  constexpr size_t kOwn = kInheritedPages / 2 * kPageBytes;
  static char before = kInheritedValue;
  const bool is_sound = AllAre(place.inherited, kOwn, before) &&
                        AllAre(place.inherited + kOwn, kOwn, kInheritedValue);
  before = ValueOf(place);
  std::memset(place.inherited, before, kOwn);
  return is_sound;
}

// A child for each round, and what either writes is its own.
bool Fork(const Place& place) {
  const pid_t child = fork();
  if (child == 0) {
    std::memset(place.inherited, 1, kPageBytes);
    _exit(AllAre(place.inherited, kPageBytes, 1) ? 0 : 1);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0 &&
         AllAre(place.inherited, kPageBytes, kInheritedValue);
}

// A file of its own, shared in one place and private in another.
bool MapFile(const Place& place) {
  constexpr size_t kPages = 4;
  const int file = memfd_create("crowd", 0);
  if (file < 0 || ftruncate(file, kPages * kPageBytes) != 0) return false;
  char* const shared = NewPages(kPages, kReadWrite, MAP_SHARED, file);
  char* const own = NewPages(kPages, kReadWrite, MAP_PRIVATE, file);
  char* const constant = NewPages(kPages, PROT_READ, MAP_PRIVATE, file);
  close(file);
  if (shared == nullptr || own == nullptr || constant == nullptr) return false;
  std::memset(shared, ValueOf(place), 2 * kPageBytes);
  std::memset(own, 1, kPageBytes);
  const bool is_sound = AllAre(constant, 2 * kPageBytes, ValueOf(place)) &&
                        AllAre(own, kPageBytes, 1) &&
                        AllAre(own + kPageBytes, kPageBytes, ValueOf(place));
  for (char* const pages : {shared, own, constant}) FreePages(pages, kPages);
  return is_sound;
}

// All of this kind write to one segment, each its own bytes.
bool ShareSegment(const Place& place) {
  void* const segment = shmat(place.meeting->segment, nullptr, 0);
  if (reinterpret_cast<intptr_t>(segment) == -1) return false;
  char* const own = static_cast<char*>(segment) + place.number * sizeof(uint64_t);
  static char before = 0;
  const bool is_sound = AllAre(own, sizeof(uint64_t), before);
  before = static_cast<char>(before + 1);
  std::memset(own, before, sizeof(uint64_t));
  shmdt(segment);
  return is_sound;
}

// The same with a block, which each has from when it uses it until it releases it.
bool ShareBlock(const Place& place) {
  static char before = 0;
  bool is_sound = true;
  for (size_t page = 0; page < kBlockPages; ++page) {
    char* const own = place.meeting->block + page * kPageBytes + place.number * sizeof(uint64_t);
    is_sound &= AllAre(own, sizeof(uint64_t), before);
    std::memset(own, static_cast<char>(before + 1), sizeof(uint64_t));
  }
  before = static_cast<char>(before + 1);
  return is_sound && atlas::ReleaseSharedBlock(place.meeting->block) == 0;
}

void* WriteOnStack(void* value) {
  char bytes[2 * kPageBytes];
  std::memset(bytes, *static_cast<const char*>(value), sizeof bytes);
  return AllAre(bytes, sizeof bytes, *static_cast<const char*>(value)) ? value : nullptr;
}

bool Threads(const Place& place) {
  constexpr size_t kThreads = 3;
  pthread_t threads[kThreads];
  char values[kThreads];
  bool is_sound = true;
  for (size_t i = 0; i < kThreads; ++i) {
    values[i] = static_cast<char>(ValueOf(place) + i);
    if (pthread_create(&threads[i], nullptr, WriteOnStack, &values[i]) != 0) return false;
  }
  for (size_t i = 0; i < kThreads; ++i) {
    void* result = nullptr;
    is_sound &= pthread_join(threads[i], &result) == 0 && result == &values[i];
  }
  return is_sound;
}

// Rights come and go; what was written stays.
bool Protect(const Place& place) {
  constexpr size_t kPages = 8;
  // Asked for at once: not every region of a layout has room for code.
  char* const pages = NewPages(kPages, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS);
  if (pages == nullptr || mprotect(pages, kPages * kPageBytes, kReadWrite) != 0) return false;
  std::memset(pages, ValueOf(place), kPages * kPageBytes);
  const bool changed = mprotect(pages, 2 * kPageBytes, PROT_READ | PROT_EXEC) == 0 &&
                       mprotect(pages + 2 * kPageBytes, kPageBytes, PROT_NONE) == 0 &&
                       mprotect(pages + 3 * kPageBytes, kPageBytes, PROT_READ) == 0;
  const bool is_sound = changed && AllAre(pages, 2 * kPageBytes, ValueOf(place)) &&
                        AllAre(pages + 3 * kPageBytes, 5 * kPageBytes, ValueOf(place));
  FreePages(pages, kPages);
  return is_sound;
}

[[gnu::noinline]] bool Descend(unsigned depth, char value) {
  volatile char bytes[kPageBytes];
  bytes[0] = value;
  return (depth == 0 || Descend(depth - 1, value)) && bytes[0] == value;
}

bool HeapAndStack(const Place& place) {
  constexpr unsigned kDepth = 16;
  constexpr size_t kBytes = 5 * kPageBytes;
  // The C library's sbrk() only tells.
  const long before = machine::SystemCall(SYS_brk, 0);
  const long after = before + static_cast<long>(kBytes);
  if (machine::SystemCall(SYS_brk, after) != after) return false;
  char* const heap = reinterpret_cast<char*>(before);
  std::memset(heap, ValueOf(place), kBytes);
  const bool is_sound = Descend(kDepth, ValueOf(place)) && AllAre(heap, kBytes, ValueOf(place));
  return machine::SystemCall(SYS_brk, before) == before && is_sound;
}

// The program again, in a child: a table with nothing of this one's.
bool Execute(const Place& place) {
  const pid_t child = fork();
  if (child == 0) {
    char file[16];
    std::snprintf(file, sizeof file, "%d", place.file);
    char path[] = "/proc/self/exe";
    char word[8];
    std::strncpy(word, kExecutedWord, sizeof word);
    char* const arguments[] = {path, word, file, nullptr};
    execv(path, arguments);
    _exit(1);
  }
  int status = -1;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

// What it is sent, read in its window and written on its stack, is answered.
void Answer(void*) {
  while (const atlas::Message* const message = atlas::Receive()) {
    char bytes[2 * kPageBytes];
    const auto* const page =
        reinterpret_cast<const char*>(static_cast<uintptr_t>(message->arguments[0]));
    std::memset(bytes, page[0], sizeof bytes);
    atlas::Message reply = {.call = message->call};
    reply.arguments[0] = AllAre(bytes, sizeof bytes, page[0]) && AllAre(page, kPageBytes, page[0]);
    atlas::Reply(message->sender, reply);
  }
}

// The same two threads in all rounds; they have the last page that came until the next one does.
bool NativeThreads(const Place& place) {
  static atlas::ThreadStart starts[2];
  static long threads[2];
  alignas(kPageBytes) static char page[kPageBytes];
  if (threads[0] == 0) {
    if (atlas::BecomeNative() == nullptr) return false;
    for (size_t i = 0; i < std::size(starts); ++i) {
      starts[i] = {.run = Answer, .argument = nullptr, .thread_pointer = 0};
      threads[i] = atlas::CreateThread(starts[i]);
    }
  }
  bool is_sound = true;
  for (const long thread : threads) {
    std::memset(page, page[0] + 1 + ValueOf(place), sizeof page);
    const atlas::Message call = {.flags = atlas::kPages,
                                 .arguments = {reinterpret_cast<uintptr_t>(page), sizeof page}};
    atlas::Message reply;
    is_sound &= thread > 0 && atlas::Call(static_cast<int32_t>(thread), call, reply) == 0 &&
                reply.arguments[0] == 1;
  }
  return is_sound;
}

constexpr Kind kKinds[] = {
    {"copy on write", CopyOnWrite},
    {"fork", Fork},
    {"files", MapFile},
    {"a segment", ShareSegment},
    {"threads", Threads},
    {"native threads", NativeThreads},
    {"rights", Protect},
    {"a block", ShareBlock},
    {"heap and stack", HeapAndStack},
    {"execute", Execute},
};

}  // namespace

std::span<const Kind> Kinds() { return kKinds; }

void Live(const Place& place) {
  constexpr timespec kMoment = {0, 2'000'000};
  const Kind& kind = kKinds[place.number % std::size(kKinds)];
  bool is_first = true;
  while (!place.meeting->is_over) {
    if (!kind.round(place)) {
      support::Line().Text("crowd: FAILED: ").Text(kind.name).Write();
      _exit(1);
    }
    if (is_first) place.meeting->ready.fetch_add(1);
    is_first = false;
    nanosleep(&kMoment, nullptr);
  }
  _exit(0);
}

void LiveIfExecuted(int argc, char** argv) {
  constexpr int kArguments = 3;
  if (argc != kArguments || std::strcmp(argv[1], kExecutedWord) != 0) return;
  const char* const meeting = NewPages(1, PROT_READ, MAP_SHARED, std::atoi(argv[2]));
  char* const own = NewPages(kInheritedPages, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS);
  if (meeting == nullptr || own == nullptr) _exit(1);
  std::memset(own, kInheritedValue, kInheritedPages * kPageBytes);
  _exit(AllAre(own, kInheritedPages * kPageBytes, kInheritedValue) ? 0 : 1);
}

}  // namespace crowd
