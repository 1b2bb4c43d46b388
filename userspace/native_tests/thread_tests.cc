// Native threads: what is each one's own, and what they share.

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

#include "userspace/machine/system_call.h"
#include "userspace/native_tests/groups.h"
#include "userspace/native_tests/partner.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/probe.h"
#include "userspace/support/text.h"

namespace native {
namespace {

using atlas::Message;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

void AProcessBecomesNativeOnce() {
  long error = 0;
  const atlas::Queue* const queue = atlas::BecomeNative(&error);
  Require(queue != nullptr, "its queue");
  ExpectEqual(queue->capacity, 63, "messages that it holds");
  ExpectEqual(queue->message_bytes, sizeof(Message), "of that size");
  ExpectEqual(static_cast<int64_t>(queue->arrived), 0, "none has come");
  Expect(atlas::BecomeNative(&error) == nullptr, "again");
  ExpectResult(error, EEXIST, "it is one");
}

void TheQueueIsReadOnly() {
  const atlas::Queue* const queue = atlas::BecomeNative();
  Require(queue != nullptr, "its queue");
  Expect(support::Read(queue) == support::kNoFault, "can be read");
  ExpectEqual(support::Write(reinterpret_cast<uintptr_t>(queue)).code, SEGV_ACCERR,
              "cannot be written");
  ExpectEqual(support::Execute(reinterpret_cast<uintptr_t>(queue)).signal, SIGSEGV,
              "cannot be executed");
  ExpectEqual(mprotect(const_cast<atlas::Queue*>(queue), kPage, PROT_READ | PROT_WRITE), -1,
              "mprotect");
  // Where a layout has it among what is a process's, no area is there, which is no error.
  static_cast<void>(munmap(const_cast<atlas::Queue*>(queue), kPage));
  void* const over = mmap(const_cast<atlas::Queue*>(queue), kPage, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  Expect(over == MAP_FAILED, "mmap over it");
  ExpectEqual(queue->capacity, 63, "it is as it was");
}

void TheControlBlockIsClosed() {
  const atlas::Queue* const queue = atlas::BecomeNative();
  Require(queue != nullptr, "its queue");
  const uintptr_t block = reinterpret_cast<uintptr_t>(queue) - kPage;
  ExpectEqual(support::Read(block).signal, SIGSEGV, "read");
  ExpectEqual(support::Write(block).signal, SIGSEGV, "write");
  ExpectEqual(support::Execute(block).signal, SIGSEGV, "jump");
}

// What the kernel copies for a program goes by the program's rights.
void CopiesGoByTheRights() {
  const atlas::Queue* const queue = atlas::BecomeNative();
  Require(queue != nullptr, "its queue");
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  const long address = reinterpret_cast<long>(queue);
  ExpectEqual(machine::SystemCall(SYS_write, ends[1], address, 64), 64, "out of the queue");
  ExpectResult(machine::SystemCall(SYS_read, ends[0], address, 64), EFAULT, "into the queue");
  ExpectResult(machine::SystemCall(SYS_write, ends[1], address - 4096, 64), EFAULT,
               "out of the control block");
  ExpectResult(machine::SystemCall(SYS_read, ends[0], address - 4096, 64), EFAULT,
               "into the control block");
}

// What two threads saw, written before each says that it has begun.
struct Seen {
  int32_t parent;
  uintptr_t local;
  uintptr_t message;
  uint32_t function;
};
Seen seen[2];

void Look(void* argument) {
  auto& mine = *static_cast<Seen*>(argument);
  volatile int local = 5;
  mine.local = reinterpret_cast<uintptr_t>(&local);
  const Message* const message = atlas::Receive();
  mine.message = reinterpret_cast<uintptr_t>(message);
  mine.function = message->function;
  atlas::Send(mine.parent, {.function = 20});
}

void ThreadsHaveTheSameAddresses() {
  const int32_t self = Become();
  int32_t threads[2];
  for (int i = 0; i < 2; ++i) {
    seen[i].parent = self;
    StartThread(Look, &seen[i], &threads[i]);
  }
  for (int i = 0; i < 2; ++i) {
    ExpectResult(atlas::Send(threads[i], {.function = 10U + static_cast<unsigned>(i)}), 0, "to it");
  }
  for (int i = 0; i < 2; ++i) Await(20);
  ExpectEqual(static_cast<int64_t>(seen[0].local), static_cast<int64_t>(seen[1].local),
              "their stacks");
  ExpectEqual(static_cast<int64_t>(seen[0].message), static_cast<int64_t>(seen[1].message),
              "their queues");
  ExpectEqual(seen[0].function, 10, "what the first got");
  ExpectEqual(seen[1].function, 11, "what the second got");
}

std::atomic<char*> shown{nullptr};
std::atomic<uint32_t> step{0};

void AwaitStep(uint32_t wanted) {
  while (step.load() != wanted) machine::SystemCall(SYS_sched_yield);
}

void UseShown(void* argument) {
  const auto parent = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  AwaitStep(1);
  char* const place = shown.load();
  const bool is_seen = place[0] == 1 && place[1 << 20] == 2;
  place[0] = 3;
  void* const own = reinterpret_cast<void*>(machine::SystemCall(
      machine::kMapCall, 0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  static_cast<char*>(own)[0] = 4;
  shown = static_cast<char*>(own);
  atlas::Send(parent, {.function = is_seen ? 1U : 0U});
  AwaitStep(2);
  // Unmapped by the other: a read of it ends the process, which the test looks at.
  static_cast<void>(*static_cast<volatile char*>(place));
  atlas::Send(parent, {.function = 9});
}

// Whether the other thread comes to where it has to fault; the child's and the test's.
std::atomic<bool>* is_unmapped = nullptr;

// In a child, for it ends by a fault.
int MapAndUnmap(uintptr_t) {
  const int32_t self = Become();
  StartThread(UseShown, reinterpret_cast<void*>(static_cast<intptr_t>(self)));
  machine::SystemCall(SYS_sched_yield);
  // Such an address that tables come to be on the way to it.
  void* const place =
      mmap(nullptr, 4 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return 1;
  auto* const bytes = static_cast<char*>(place);
  bytes[0] = 1;
  bytes[1 << 20] = 2;
  shown = bytes;
  step = 1;
  const Message* const message = atlas::Receive();
  if (message->function != 1) return 2;
  if (bytes[0] != 3) return 3;
  if (shown.load()[0] != 4) return 4;
  if (munmap(place, 4 << 20) != 0) return 5;
  *is_unmapped = true;
  step = 2;
  atlas::Receive();
  return 6;
}

void MappingsAreSeenByAll() {
  void* const page =
      mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Require(page != MAP_FAILED, "a page of both");
  is_unmapped = new (page) std::atomic<bool>(false);
  ExpectEqual(support::StatusOf(MapAndUnmap, 0), support::Killed(SIGSEGV),
              "until one unmaps them for all");
  Expect(*is_unmapped, "what each maps the other sees");
}

void GrowStack(void* argument) {
  const auto parent = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  volatile char large[1 << 20];
  for (size_t at = 0; at < sizeof large; at += kPage) large[sizeof large - 1 - at] = 1;
  int64_t sum = 0;
  for (size_t at = 0; at < sizeof large; at += kPage) sum += large[sizeof large - 1 - at];
  atlas::Send(parent, {.function = static_cast<uint32_t>(sum)});
}

void StacksGrow() {
  const int32_t self = Become();
  StartThread(GrowStack, reinterpret_cast<void*>(static_cast<intptr_t>(self)));
  Await(256);
}

void Overflow(void*) {
  // To where no stack reaches.
  volatile char local = 0;
  for (const volatile char* at = &local;; at -= kPage) static_cast<void>(*at);
}

int RunOverflow(uintptr_t) {
  Become();
  StartThread(Overflow, nullptr);
  atlas::Receive();
  return 0;
}

void AnOverflowEndsTheProcess() {
  ExpectEqual(support::StatusOf(RunOverflow, 0), support::Killed(SIGSEGV), "at its guard page");
}

// POSIX threads beside native ones.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int counter = 0;

void* CountTo(void* argument) {
  for (int i = 0; i < 1000; ++i) {
    pthread_mutex_lock(&mutex);
    ++counter;
    pthread_mutex_unlock(&mutex);
    if (i % 100 == 0) sched_yield();
  }
  const auto to = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  atlas::Send(to, {.function = 30});
  return nullptr;
}

void PosixThreadsGoOn() {
  const int32_t self = Become();
  void* const argument = reinterpret_cast<void*>(static_cast<intptr_t>(self));
  pthread_t threads[2];
  for (pthread_t& thread : threads) {
    Require(pthread_create(&thread, nullptr, CountTo, argument) == 0, "pthread_create");
  }
  for (int i = 0; i < 2; ++i) Await(30);
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  ExpectEqual(counter, 2000, "what both counted");
}

// One that pthread_create() made enters, and has the C library still.
void RunEntered(void* argument) {
  const auto to = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  errno = 0;
  const bool fails = close(-1) == -1 && errno == EBADF;
  char text[32];
  std::snprintf(text, sizeof text, "%d", 12345);
  const bool prints = std::strcmp(text, "12345") == 0;
  atlas::Send(to, {.function = fails && prints ? 40U : 41U});
  const Message* const message = atlas::Receive();
  atlas::Reply(message->sender, {.function = 42, .call = message->call});
  pthread_exit(nullptr);
}

void* Enter(void* argument) {
  const atlas::ThreadStart start = {.run = RunEntered, .argument = argument, .thread_pointer = 0};
  atlas::EnterNative(start);
  return nullptr;
}

void PosixThreadsBecomeNative() {
  const int32_t self = Become();
  pthread_t thread;
  Require(pthread_create(&thread, nullptr, Enter,
                         reinterpret_cast<void*>(static_cast<intptr_t>(self))) == 0,
          "pthread_create");
  const int32_t entered = Await(40).sender;
  Message reply = {};
  ExpectResult(atlas::Call(entered, {}, reply), 0, "a call");
  ExpectEqual(reply.function, 42, "its reply");
  ExpectEqual(pthread_join(thread, nullptr), 0, "pthread_join");
}

bool AllAre(const volatile char* bytes, size_t count, char value) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] != value) return false;
  }
  return true;
}

// Raw system calls, as there is no C library in such a thread.
void Fork(void* argument) {
  const auto parent = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  volatile char local[4 * kPage];
  for (volatile char& byte : local) byte = 1;
  const long child = machine::SystemCall(SYS_fork);
  if (child == 0) {
    bool is_sound = AllAre(local, sizeof local, 1);
    for (volatile char& byte : local) byte = 2;
    long error = 0;
    is_sound &= atlas::Receive(0, &error) == nullptr && error == -EAGAIN;
    is_sound &= atlas::Send(parent, {.function = 70}) == 0;
    is_sound &= atlas::Receive(10'000'000'000) != nullptr;
    machine::SystemCall(SYS_exit_group, is_sound && AllAre(local, sizeof local, 2) ? 0 : 1);
  }
  int status = -1;
  const bool has_ended =
      machine::SystemCall(SYS_wait4, child, reinterpret_cast<long>(&status), 0, 0) == child;
  const bool is_sound = has_ended && status == 0 && AllAre(local, sizeof local, 1);
  atlas::Send(parent, {.function = is_sound ? 71U : 72U});
}

// The child is a native thread of its own, on a copy of the stack.
void ThreadsForkOnTheirStacks() {
  const int32_t self = Become();
  StartThread(Fork, reinterpret_cast<void*>(static_cast<intptr_t>(self)));
  const Message& message = Await(70);
  ExpectEqual(message.sender, message.process, "the child's only thread");
  ExpectResult(atlas::Send(message.sender, {}), 0, "to the child");
  Await(71);
}

void TryVfork(void* argument) {
  const auto parent = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  const long result = machine::SystemCall(SYS_vfork);
  atlas::Send(parent, {.function = static_cast<uint32_t>(-result)});
}

// The process is one, and has no such stack for a second thread.
void VforkOnAnOwnStackIsRefused() {
  const int32_t self = Become();
  StartThread(TryVfork, reinterpret_cast<void*>(static_cast<intptr_t>(self)));
  Await(EOPNOTSUPP);
}

void FirstThreadsFork() {
  Become();
  const pid_t child = fork();
  if (child == 0) {
    long error = 0;
    // The child has a stack, and is no native thread.
    _exit(atlas::Receive(0, &error) == nullptr && error == -ENOTSUP &&
                  atlas::BecomeNative() != nullptr
              ? 0
              : 1);
  }
  ExpectGoodEnd(child);
}

void WaitForEnd(void* argument) {
  const auto parent = static_cast<int32_t>(reinterpret_cast<intptr_t>(argument));
  atlas::Send(parent, {.function = 50});
  atlas::Receive();
}

// Pages that a message brings and nobody has read yet: written, not written, the sender's alone and
// an object's.
void SendPages(int32_t to) {
  for (const int sharing : {MAP_PRIVATE, MAP_SHARED}) {
    void* const pages =
        mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS, -1, 0);
    Require(pages != MAP_FAILED, "mmap");
    *static_cast<char*>(pages) = 1;
    const atlas::Message message = {.function = 60,
                                    .flags = atlas::kPages,
                                    .arguments = {reinterpret_cast<uintptr_t>(pages), 2 * kPage}};
    ExpectResult(atlas::Send(to, message), 0, "pages");
  }
}

// What the kernel says when it compares page tables, and counts who has their pages.
struct Verification {
  bool has_fault = false;
  unsigned threads = 0;
};

Verification Verify() {
  static char text[1 << 20];
  const int file = open("/proc/verify", O_RDONLY);
  Require(file >= 0, "/proc/verify");
  const ssize_t length = read(file, text, sizeof text - 1);
  Require(length > 0, "what it says");
  Require(static_cast<size_t>(length) < sizeof text - 1, "room for all of it");
  close(file);
  text[length] = '\0';
  Verification result = {.has_fault = std::strstr(text, "FAULT") != nullptr};
  for (const char* at = text; (at = std::strstr(at, "\nthread ")) != nullptr; ++at) {
    ++result.threads;
  }
  return result;
}

// The kernel looks at them while they are there.
void TheirTablesAreAlike() {
  const int32_t self = Become();
  int32_t threads[2];
  for (int32_t& thread : threads) {
    StartThread(WaitForEnd, reinterpret_cast<void*>(static_cast<intptr_t>(self)), &thread);
    Await(50);
  }
  SendPages(self);
  const Verification verification = Verify();
  Expect(!verification.has_fault, "no fault");
  ExpectEqual(verification.threads, 3, "threads that it looked at");
  // Its own table is walked again.
  for (const int32_t thread : threads) ExpectResult(atlas::Send(thread, {}), 0, "the end");
}

constexpr unsigned kManyThreads = 1000;
atlas::ThreadStart many[kManyThreads];
int32_t numbers[kManyThreads];

// As many messages as the first one it receives says, to who sent that.
void SendMany(void*) {
  const Message start = *atlas::Receive();
  for (uint32_t i = 0; i < start.function; ++i) {
    if (atlas::Send(start.sender, {.function = i}) != 0) return;
  }
}

// Whether there was memory for so many.
bool StartMany(unsigned wanted) {
  for (unsigned i = 0; i < wanted; ++i) {
    many[i] = {.run = SendMany, .argument = nullptr, .thread_pointer = 0};
    const long result = atlas::CreateThread(many[i]);
    if (result < 0) {
      ExpectResult(result, ENOMEM, "why no thread more");
      support::Line().Text("# there is memory for ").Decimal(i).Text(" threads").Write();
      return false;
    }
    numbers[i] = static_cast<int32_t>(result);
  }
  return true;
}

int ManyThreads(uintptr_t messages) {
  Become();
  if (!StartMany(kManyThreads)) return 1;
  const auto each = static_cast<uint32_t>(messages / kManyThreads);
  for (const int32_t number : numbers) {
    if (atlas::Send(number, {.function = each}) != 0) return 2;
  }
  uint64_t sum = 0;
  for (uint32_t i = 0; i < messages; ++i) {
    const Message* const message = atlas::Receive(20'000'000'000);
    if (message == nullptr) return 3;
    sum += message->function;
  }
  return sum == uint64_t{kManyThreads} * each * (each - 1) / 2 ? 0 : 4;
}

// So many that the kernel has to find other places for their stacks.
int CompareManyThreads(uintptr_t) {
  constexpr unsigned kCompared = 600;
  Become();
  if (!StartMany(kCompared)) return 1;
  const Verification verification = Verify();
  return !verification.has_fault && verification.threads == kCompared + 1 ? 0 : 2;
}

void ManyTablesAreAlike() {
  ExpectEqual(support::StatusOf(CompareManyThreads, 0), 0, "their tables, and guard pages");
}

void AThousandThreadsLeaveNothing() {
  constexpr uintptr_t kFewMessages = 10'000;
  constexpr uintptr_t kManyMessages = 1'000'000;
  // The kernel's own caches fill up first.
  for (int i = 0; i < 2; ++i) {
    ExpectEqual(support::StatusOf(ManyThreads, kFewMessages), 0, "a thousand threads");
    usleep(50'000);
    // To look takes memory of this program the first time.
    static_cast<void>(support::MemoryUse());
  }
  const support::MemoryUse before;
  ExpectEqual(support::StatusOf(ManyThreads, kManyMessages), 0, "a thousand more");
  usleep(50'000);
  const support::MemoryUse after;
  ExpectEqual(after.unused_or_tables_kib(), before.unused_or_tables_kib(), "unused memory, in KiB");
}

}  // namespace

Group ThreadTests() {
  static constexpr support::Test kTests[] = {
      {"thread: a process becomes native once", AProcessBecomesNativeOnce},
      {"thread: the queue is read-only", TheQueueIsReadOnly},
      {"thread: the control block is closed", TheControlBlockIsClosed},
      {"thread: copies go by the rights", CopiesGoByTheRights},
      {"thread: the same addresses", ThreadsHaveTheSameAddresses},
      {"thread: mappings are seen by all", MappingsAreSeenByAll},
      {"thread: stacks grow", StacksGrow},
      {"thread: an overflow ends the process", AnOverflowEndsTheProcess},
      {"thread: POSIX threads go on", PosixThreadsGoOn},
      {"thread: POSIX threads become native", PosixThreadsBecomeNative},
      {"thread: fork on its own stack", ThreadsForkOnTheirStacks},
      {"thread: no vfork on its own stack", VforkOnAnOwnStackIsRefused},
      {"thread: first threads fork", FirstThreadsFork},
      {"thread: their tables are alike", TheirTablesAreAlike},
      {"thread: many tables are alike", ManyTablesAreAlike},
      {"thread: a thousand leave nothing", AThousandThreadsLeaveNothing},
  };
  return kTests;
}

}  // namespace native
