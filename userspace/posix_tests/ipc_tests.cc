// SysV shared memory and message queues.

#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Exited;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Raw;
using support::Require;

int NewSegment(size_t size_bytes) {
  const int segment = shmget(IPC_PRIVATE, size_bytes, IPC_CREAT | 0600);
  Require(segment >= 0, "shmget");
  return segment;
}

char* Attach(int segment, int flags = 0) {
  void* const place = shmat(segment, nullptr, flags);
  Require(place != reinterpret_cast<void*>(-1), "shmat");
  return static_cast<char*>(place);
}

int64_t Attached(int segment) {
  shmid_ds status = {};
  return shmctl(segment, IPC_STAT, &status) == 0 ? static_cast<int64_t>(status.shm_nattch) : -1;
}

void SegmentsAreShared() {
  const int segment = NewSegment(2 * kPage + 1);
  char* const one = Attach(segment);
  char* const two = Attach(segment);
  ExpectEqual(Attached(segment), 2, "attached twice");
  Expect(one != two, "two places");
  Expect(AllAre(one, 3 * kPage, 0), "zeroes, to the end of the page");
  one[2 * kPage] = 1;
  ExpectEqual(two[2 * kPage], 1, "the same memory");
  const pid_t child = fork();
  if (child == 0) {
    one[0] = 2;
    _exit(Attached(segment) == 4 ? 0 : 1);
  }
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "the child is attached as its parent is");
  ExpectEqual(two[0], 2, "its write");
  ExpectEqual(Attached(segment), 2, "it is gone");
  ExpectEqual(shmdt(one), 0, "shmdt");
  Expect(support::Read(one).code == SEGV_MAPERR, "one place is unmapped");
  ExpectEqual(two[0], 2, "the other is not");
  ExpectResult(Raw(shmdt(one)), EINVAL, "shmdt again");
  ExpectEqual(shmctl(segment, IPC_RMID, nullptr), 0, "IPC_RMID");
}

// A removed segment lives until the last one detaches.
void RemovalWaitsForTheLast() {
  const int segment = NewSegment(kPage);
  char* const bytes = Attach(segment);
  bytes[0] = 7;
  ExpectEqual(shmctl(segment, IPC_RMID, nullptr), 0, "IPC_RMID");
  ExpectEqual(bytes[0], 7, "still there");
  shmid_ds status = {};
  ExpectEqual(shmctl(segment, IPC_STAT, &status), 0, "IPC_STAT");
  constexpr int kDestroyed = 01000;  // SHM_DEST
  Expect((status.shm_perm.mode & kDestroyed) != 0, "marked as removed");
  ExpectEqual(shmdt(bytes), 0, "shmdt");
  ExpectResult(Raw(shmctl(segment, IPC_STAT, &status)), EINVAL, "now it is gone");
  const int other = NewSegment(kPage);
  ExpectEqual(shmctl(other, IPC_RMID, nullptr), 0, "nobody attached");
  ExpectResult(Raw(shmctl(other, IPC_RMID, nullptr)), EINVAL, "gone at once");
}

void SegmentKeys() {
  const key_t key = 0x7e570000 + (getpid() & 0xffff);
  const int segment = shmget(key, kPage, IPC_CREAT | IPC_EXCL | 0600);
  Require(segment >= 0, "shmget");
  ExpectEqual(shmget(key, 0, 0), segment, "found by its key");
  ExpectEqual(shmget(key, kPage, IPC_CREAT | 0600), segment, "and not made again");
  ExpectResult(Raw(shmget(key, kPage, IPC_CREAT | IPC_EXCL)), EEXIST, "IPC_EXCL");
  ExpectResult(Raw(shmget(key, 2 * kPage, 0)), EINVAL, "larger than it is");
  ExpectResult(Raw(shmget(key + 1, kPage, 0)), ENOENT, "no such key");
  ExpectResult(Raw(shmget(IPC_PRIVATE, 0, IPC_CREAT)), EINVAL, "no bytes");
  ExpectResult(Raw(shmctl(segment, 77, nullptr)), EINVAL, "an unknown command");
  ExpectEqual(shmctl(segment, IPC_RMID, nullptr), 0, "IPC_RMID");
  ExpectResult(Raw(shmget(key, 0, 0)), ENOENT, "its key is free");
}

// SHM_RND rounds down to a page, on ARM to four of them.
constexpr size_t kRounding = 4 * kPage;

void AttachArguments() {
  const int segment = NewSegment(kPage);
  char* const free = FreePages(12);
  char* const place = free + (kRounding - reinterpret_cast<uintptr_t>(free) % kRounding);
  ExpectEqual(Call(SYS_shmat, segment, place, 0), Word(place), "at an address");
  ExpectResult(Call(SYS_shmat, segment, place + kPage + 8, 0), EINVAL, "within a page");
  ExpectEqual(Call(SYS_shmat, segment, place + kRounding + 8, SHM_RND), Word(place + kRounding),
              "rounded down");
  ExpectResult(Call(SYS_shmat, segment, place, 0), EINVAL, "where something is");
  ExpectResult(Call(SYS_shmat, 0x7fffff, 0, 0), EINVAL, "no such segment");
  char* const readable = Attach(segment, SHM_RDONLY);
  Expect(support::Write(readable).code == SEGV_ACCERR, "SHM_RDONLY");
  shmctl(segment, IPC_RMID, nullptr);
}

struct Message {
  long type;
  char text[64];
};

int NewQueue() {
  const int queue = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  Require(queue >= 0, "msgget");
  return queue;
}

long Send(int queue, long type, const char* text, int flags = IPC_NOWAIT) {
  Message message = {};
  message.type = type;
  std::strncpy(message.text, text, sizeof message.text - 1);
  return Raw(msgsnd(queue, &message, std::strlen(text) + 1, flags));
}

// The text of the next message of that kind, which is its first letter; 0 if there is none.
char Receive(int queue, long type, int flags = IPC_NOWAIT) {
  Message message = {};
  return msgrcv(queue, &message, sizeof message.text, type, flags) > 0 ? message.text[0] : '\0';
}

void MessagesHaveTypes() {
  const int queue = NewQueue();
  const struct {
    long type;
    const char* text;
  } messages[] = {{3, "a"}, {1, "b"}, {2, "c"}, {1, "d"}, {5, "e"}};
  for (const auto& one : messages) ExpectResult(Send(queue, one.type, one.text), 0, "msgsnd");
  ExpectEqual(Receive(queue, 1), 'b', "the first of a type");
  ExpectEqual(Receive(queue, 0), 'a', "the first of all");
  ExpectEqual(Receive(queue, -4), 'd', "the lowest type up to one");
  ExpectEqual(Receive(queue, -4), 'c', "the next lowest");
  ExpectEqual(Receive(queue, -4), '\0', "none is so low");
  ExpectEqual(Receive(queue, 5, IPC_NOWAIT | MSG_EXCEPT), '\0', "no other type");
  ExpectEqual(Receive(queue, 4, IPC_NOWAIT | MSG_EXCEPT), 'e', "another type");
  Message message;
  ExpectResult(Raw(msgrcv(queue, &message, sizeof message.text, 0, IPC_NOWAIT)), ENOMSG, "empty");
  msgctl(queue, IPC_RMID, nullptr);
}

void MessageSizes() {
  const int queue = NewQueue();
  Message message = {.type = 1, .text = "0123456789"};
  ExpectEqual(msgsnd(queue, &message, 10, 0), 0, "ten bytes");
  ExpectResult(Raw(msgrcv(queue, &message, 4, 0, IPC_NOWAIT)), E2BIG, "too small a buffer");
  ExpectEqual(msgrcv(queue, &message, 4, 0, IPC_NOWAIT | MSG_NOERROR), 4, "MSG_NOERROR cuts it");
  ExpectResult(Raw(msgrcv(queue, &message, 4, 0, IPC_NOWAIT)), ENOMSG, "and the rest is gone");
  ExpectEqual(msgsnd(queue, &message, 0, 0), 0, "no bytes");
  ExpectEqual(msgrcv(queue, &message, 4, 0, 0), 0, "are a message, too");
  message.type = 0;
  ExpectResult(Raw(msgsnd(queue, &message, 1, 0)), EINVAL, "type 0");
  message.type = 1;
  ExpectResult(Raw(msgsnd(queue, &message, 1 << 20, 0)), EINVAL, "larger than any message");
  char* const pages = NewPages(4);
  *reinterpret_cast<long*>(pages) = 9;
  constexpr size_t kLarge = 8000;
  pages[sizeof(long) + kLarge - 1] = 'z';
  ExpectEqual(msgsnd(queue, pages, kLarge, 0), 0, "several pages");
  pages[sizeof(long) + kLarge - 1] = 0;
  ExpectEqual(msgrcv(queue, pages, kLarge, 9, 0), kLarge, "in one piece");
  ExpectEqual(pages[sizeof(long) + kLarge - 1], 'z', "with its last byte");
  msgctl(queue, IPC_RMID, nullptr);
}

// A queue holds 16 KiB.
void FullQueues() {
  const int queue = NewQueue();
  char* const pages = NewPages(2);
  *reinterpret_cast<long*>(pages) = 1;
  constexpr size_t kQuarter = 4096;
  for (int i = 0; i < 4; ++i)
    ExpectEqual(msgsnd(queue, pages, kQuarter, IPC_NOWAIT), 0, "a quarter");
  ExpectResult(Raw(msgsnd(queue, pages, 1, IPC_NOWAIT)), EAGAIN, "full");
  msqid_ds status = {};
  ExpectEqual(msgctl(queue, IPC_STAT, &status), 0, "IPC_STAT");
  ExpectEqual(static_cast<int64_t>(status.msg_qnum), 4, "messages");
  ExpectEqual(static_cast<int64_t>(status.msg_qbytes), 16 << 10, "room");
  const pid_t child = fork();
  if (child == 0) _exit(msgsnd(queue, pages, kQuarter, 0) == 0 ? 0 : 1);
  ExpectEqual(msgrcv(queue, pages, kQuarter, 0, 0), kQuarter, "room for one");
  int ended = 0;
  ExpectEqual(waitpid(child, &ended, 0), child, "waitpid");
  ExpectEqual(ended, Exited(0), "and one that waited takes it");
  msgctl(queue, IPC_RMID, nullptr);
}

// Whoever waits at a queue hears of its removal.
void RemovedQueues() {
  const int queue = NewQueue();
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    Message message;
    if (write(ends[1], "x", 1) != 1) _exit(1);
    _exit(Raw(msgrcv(queue, &message, sizeof message.text, 0, 0)) == -EIDRM ? 0 : 1);
  }
  char byte = 0;
  ExpectEqual(read(ends[0], &byte, 1), 1, "the child is about to wait");
  usleep(50'000);
  ExpectEqual(msgctl(queue, IPC_RMID, nullptr), 0, "IPC_RMID");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "EIDRM");
  ExpectResult(Send(queue, 1, "x"), EINVAL, "gone");
}

constexpr support::Test kTests[] = {
    {"shm: segments are shared", SegmentsAreShared},
    {"shm: IPC_RMID", RemovalWaitsForTheLast},
    {"shm: keys", SegmentKeys},
    {"shm: shmat's arguments", AttachArguments},
    {"msg: types", MessagesHaveTypes},
    {"msg: sizes", MessageSizes},
    {"msg: full queues", FullQueues},
    {"msg: removed queues", RemovedQueues},
};

}  // namespace

Group IpcTests() { return kTests; }

}  // namespace posix
