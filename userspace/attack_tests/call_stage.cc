#include "userspace/attack_tests/call_stage.h"

#include <fcntl.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "userspace/attack_tests/stage.h"
#include "userspace/machine/system_call.h"
#include "userspace/support/test.h"

namespace attack {
namespace {

using calls::Argument;
using calls::CallForm;
using calls::Kind;
using calls::kPageBytes;
using calls::kWordBytes;
using support::Require;

constexpr const char* kBaseName = "attack.d";
constexpr const char* kFileName = "file";
constexpr const char* kNewName = "new";
constexpr const char* kEmptyName = "empty";
constexpr const char* kLinkName = "link";
constexpr size_t kAlignedBytes = 64;
constexpr size_t kFileBytes = 256;
constexpr size_t kMessageBytes = 16;
constexpr size_t kPipeBytes = 64;

uintptr_t Map(size_t bytes, int protection) {
  void* const place = mmap(nullptr, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Require(place != MAP_FAILED, "memory");
  return reinterpret_cast<uintptr_t>(place);
}

const char* NameOf(Kind kind) {
  switch (kind) {
    case Kind::kPath:
      return kFileName;
    case Kind::kNewPath:
      return kNewName;
    case Kind::kEmptyDirectory:
      return kEmptyName;
    case Kind::kLink:
      return kLinkName;
    case Kind::kProgram:
      return "/proc/self/exe";
    case Kind::kText:
      return "some.text";
    default:
      return nullptr;
  }
}

}  // namespace

CallStage::CallStage() {
  // Nothing is put into the hole: whoever wants memory wants more than a page.
  arena_ = Map(kArenaBytes + kPageBytes, PROT_READ | PROT_WRITE);
  munmap(reinterpret_cast<void*>(hole()), kPageBytes);
  closed_page_ = Map(2 * kPageBytes, PROT_NONE);
  constant_page_ = Map(2 * kPageBytes, PROT_READ);
  Require(chdir(support::Directory()) == 0, "a directory");
  mkdir(kBaseName, 0700);
  Require(chdir(kBaseName) == 0, "a directory in it");
  base_ = open(".", O_RDONLY | O_DIRECTORY);
  Require(base_ >= 0, "the directory");
  std::snprintf(queue_name_, sizeof queue_name_, "/attack_tests.%d", getpid());
}

CallStage::~CallStage() {
  EndChild();
  if (queue_ >= 0) mq_unlink(queue_name_);
  if (segment_ >= 0) shmctl(segment_, IPC_RMID, nullptr);
  if (messages_ >= 0) msgctl(messages_, IPC_RMID, nullptr);
  if (fchdir(base_) != 0) return;
  for (const char* const name : {kFileName, kNewName, kLinkName}) unlink(name);
  for (const char* const name : {kEmptyName, kNewName}) rmdir(name);
  if (chdir("..") == 0) rmdir(kBaseName);
}

void CallStage::Prepare(const CallForm& form) {
  void* const arena = reinterpret_cast<void*>(arena_);
  Require(mmap(arena, kArenaBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0) == arena,
          "memory");
  Require(fchdir(base_) == 0, "the directory");
  for (const Argument& argument : form.arguments) PrepareArgument(argument);
}

void CallStage::PrepareArgument(const Argument& argument) {
  switch (argument.kind) {
    case Kind::kFile:
    case Kind::kPath:
      return PrepareFile();
    case Kind::kNewPath:
      unlink(kNewName);
      rmdir(kNewName);
      return;
    case Kind::kEmptyDirectory:
      mkdir(kEmptyName, 0700);
      return;
    case Kind::kLink:
      static_cast<void>(symlink(kFileName, kLinkName));
      return;
    case Kind::kDirectory:
      close(directory_);
      directory_ = open(".", O_RDONLY | O_DIRECTORY);
      return;
    case Kind::kReadEnd:
    case Kind::kWriteEnd:
      return PreparePipe();
    case Kind::kQueue:
      return PrepareQueue();
    case Kind::kSegment:
      if (segment_ < 0) segment_ = shmget(IPC_PRIVATE, 2 * kPageBytes, IPC_CREAT | 0600);
      return;
    case Kind::kMessages:
      return PrepareMessages();
    case Kind::kTimer: {
      sigevent event = {};
      event.sigev_notify = SIGEV_NONE;
      timer_t timer = nullptr;
      if (timer_ >= 0) machine::SystemCall(SYS_timer_delete, timer_);
      Require(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0, "a timer");
      timer_ = static_cast<int>(reinterpret_cast<intptr_t>(timer));
      return;
    }
    case Kind::kChild:
      return PrepareChild();
    default:
      return;
  }
}

void CallStage::PrepareFile() {
  close(file_);
  unlink(kFileName);
  file_ = open(kFileName, O_RDWR | O_CREAT | O_TRUNC, 0600);
  char bytes[kFileBytes] = {};
  Require(file_ >= 0 && write(file_, bytes, sizeof bytes) == sizeof bytes, "a file");
  lseek(file_, 0, SEEK_SET);
}

void CallStage::PreparePipe() {
  for (const int end : pipe_ends_) close(end);
  char bytes[kPipeBytes] = {};
  Require(pipe2(pipe_ends_, O_NONBLOCK) == 0 &&
              write(pipe_ends_[1], bytes, sizeof bytes) == sizeof bytes,
          "a pipe");
}

// A message to receive, and room for another one.
void CallStage::PrepareQueue() {
  if (queue_ < 0) {
    mq_attr attributes = {};
    attributes.mq_maxmsg = 2;
    attributes.mq_msgsize = kMessageBytes;
    queue_ = mq_open(queue_name_, O_RDWR | O_CREAT | O_NONBLOCK, 0600, &attributes);
    Require(queue_ >= 0, "a queue");
  }
  mq_attr attributes = {};
  attributes.mq_flags = O_NONBLOCK;
  mq_setattr(queue_, &attributes, nullptr);
  char message[kMessageBytes] = {};
  while (mq_receive(queue_, message, sizeof message, nullptr) >= 0) continue;
  Require(mq_send(queue_, message, sizeof message, 0) == 0, "a message");
  mq_notify(queue_, nullptr);
}

void CallStage::PrepareMessages() {
  struct Message {
    long type;
    char bytes[kMessageBytes];
  } message = {.type = 1, .bytes = {}};
  if (messages_ < 0) messages_ = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
  while (msgrcv(messages_, &message, 2 * kWordBytes, 0, IPC_NOWAIT | MSG_NOERROR) >= 0) continue;
  message.type = 1;
  Require(msgsnd(messages_, &message, 2 * kWordBytes, IPC_NOWAIT) == 0, "a message");
}

void CallStage::EndChild() {
  if (child_ > 0) waitpid(child_, nullptr, 0);
  child_ = 0;
}

void CallStage::PrepareChild() {
  EndChild();
  child_ = fork();
  if (child_ == 0) _exit(0);
  siginfo_t information;
  Require(
      child_ > 0 && waitid(P_PID, static_cast<id_t>(child_), &information, WEXITED | WNOWAIT) == 0,
      "a child that has ended");
}

void CallStage::Fill(const Argument& argument, uintptr_t address, uintptr_t end) {
  auto* const to = reinterpret_cast<char*>(address);
  const size_t room = end - address;
  if (const char* const name = NameOf(argument.kind)) {
    // One that does not fit has no end.
    std::memcpy(to, name, std::min(room, std::strlen(name) + 1));
    return;
  }
  if (argument.kind == Kind::kVector) {
    const iovec vector = {.iov_base = reinterpret_cast<void*>(arena_), .iov_len = kPipeBytes};
    std::memcpy(to, &vector, std::min(room, sizeof vector));
  }
  if (argument.kind != Kind::kIn && argument.kind != Kind::kStrings) return;
  const long word = argument.kind == Kind::kIn ? argument.good : reinterpret_cast<long>(kLinkName);
  for (size_t at = 0; at < argument.bytes && at < room; at += kWordBytes) {
    std::memcpy(to + at, &word, std::min({kWordBytes, room - at, argument.bytes - at}));
  }
}

long CallStage::Right(const CallForm& form, size_t index) {
  const Argument& argument = form.arguments[index];
  switch (argument.kind) {
    case Kind::kFile:
      return file_;
    case Kind::kAt:
      return AT_FDCWD;
    case Kind::kDirectory:
      return directory_;
    case Kind::kReadEnd:
      return pipe_ends_[0];
    case Kind::kWriteEnd:
      return pipe_ends_[1];
    case Kind::kQueue:
      return queue_;
    case Kind::kSegment:
      return segment_;
    case Kind::kMessages:
      return messages_;
    case Kind::kTimer:
      return timer_;
    case Kind::kChild:
      return child_;
    case Kind::kSelf:
      return getpid();
    case Kind::kThreadPointer:
      return machine::ThreadPointer();
    case Kind::kRange:
      return static_cast<long>(PlaceOf(index));
    default:
      break;
  }
  if (!calls::IsPointer(argument.kind)) return argument.good;
  const uintptr_t place = PlaceOf(index) + kAlignedBytes;
  Fill(argument, place, hole());
  return static_cast<long>(place);
}

long CallStage::Misaligned(const CallForm& form, size_t index) {
  const Argument& argument = form.arguments[index];
  if (argument.kind == Kind::kRange) return static_cast<long>(PlaceOf(index) + 1);
  const uintptr_t place = PlaceOf(index) + kAlignedBytes + 1;
  Fill(argument, place, hole());
  return static_cast<long>(place);
}

long CallStage::Half(const Argument& argument, uintptr_t end) {
  const bool is_text = NameOf(argument.kind) != nullptr;
  const uintptr_t place = end - (is_text ? 2 : argument.bytes / 2);
  if (end == hole() || MayReach(place)) Fill(argument, place, end);
  return static_cast<long>(place);
}

long CallStage::LeadingTo(const CallForm& form, size_t index, uintptr_t address) {
  const long right = Right(form, index);
  std::memcpy(reinterpret_cast<void*>(right), &address, sizeof address);
  return right;
}

}  // namespace attack
