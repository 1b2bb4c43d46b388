// POSIX message queues.

#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>

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

constexpr size_t kBytes = 16;
constexpr long kMessages = 3;

// A queue of this process alone, for kMessages messages of kBytes; its name goes with it.
class Queue {
 public:
  explicit Queue(int flags = 0) {
    std::snprintf(name_, sizeof name_, "/posix_tests.%d", getpid());
    mq_attr attributes = {};
    attributes.mq_maxmsg = kMessages;
    attributes.mq_msgsize = kBytes;
    queue_ = mq_open(name_, O_CREAT | O_EXCL | O_RDWR | flags, 0600, &attributes);
    Require(queue_ >= 0, "mq_open");
  }
  ~Queue() {
    mq_unlink(name_);
    mq_close(queue_);
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  const char* name() const { return name_; }
  mqd_t get() const { return queue_; }

  long Send(const char* text, unsigned priority = 0) const {
    return Raw(mq_send(queue_, text, std::strlen(text), priority));
  }
  // The message's first letter, or 0; what else there is of it goes where it is wanted.
  char Receive(unsigned* priority = nullptr, long* bytes = nullptr) const {
    char text[kBytes] = {};
    const long received = Raw(mq_receive(queue_, text, sizeof text, priority));
    if (bytes != nullptr) *bytes = received;
    return received > 0 ? text[0] : '\0';
  }
  mq_attr Attributes() const {
    mq_attr found = {};
    ExpectEqual(mq_getattr(queue_, &found), 0, "mq_getattr");
    return found;
  }

 private:
  char name_[40];
  mqd_t queue_;
};

timespec InMilliseconds(long milliseconds) {
  timespec time = {};
  clock_gettime(CLOCK_REALTIME, &time);
  time.tv_nsec += milliseconds % 1000 * 1'000'000;
  time.tv_sec += milliseconds / 1000 + time.tv_nsec / 1'000'000'000;
  time.tv_nsec %= 1'000'000'000;
  return time;
}

void Priorities() {
  const Queue queue;
  ExpectEqual(queue.Send("low", 0), 0, "mq_send");
  ExpectEqual(queue.Send("high", 9), 0, "mq_send");
  ExpectEqual(queue.Send("second", 9), 0, "mq_send");
  unsigned priority = 0;
  long bytes = 0;
  ExpectEqual(queue.Receive(&priority, &bytes), 'h', "the highest");
  ExpectEqual(priority, 9, "its priority");
  ExpectEqual(bytes, 4, "its bytes");
  ExpectEqual(queue.Receive(), 's', "then the next of that priority");
  ExpectEqual(queue.Receive(&priority), 'l', "then the lower one");
  ExpectEqual(priority, 0, "its priority");
  ExpectEqual(queue.Send("", 32767), 0, "no bytes, the highest priority");
  ExpectEqual(queue.Receive(&priority, &bytes), '\0', "is a message, too");
  ExpectEqual(bytes, 0, "of no bytes");
  ExpectEqual(priority, 32767, "its priority");
  ExpectResult(queue.Send("x", 32768), EINVAL, "no such priority");
}

void Sizes() {
  const Queue queue;
  char text[kBytes + 1] = {};
  ExpectResult(Raw(mq_send(queue.get(), text, kBytes + 1, 0)), EMSGSIZE, "too long");
  ExpectResult(Raw(mq_send(queue.get(), text, kBytes, 0)), 0, "the longest");
  ExpectResult(Raw(mq_receive(queue.get(), text, kBytes - 1, nullptr)), EMSGSIZE, "too small");
  ExpectEqual(mq_receive(queue.get(), text, kBytes + 1, nullptr), kBytes, "as long as it is");
  ExpectResult(Call(SYS_mq_timedsend, queue.get(), 8, 4, 0, 0), EFAULT, "nothing is there");
}

void NonBlocking() {
  const Queue queue(O_NONBLOCK);
  char text[kBytes];
  ExpectResult(Raw(mq_receive(queue.get(), text, kBytes, nullptr)), EAGAIN, "empty");
  for (long i = 0; i < kMessages; ++i) ExpectEqual(queue.Send("x"), 0, "mq_send");
  ExpectResult(queue.Send("x"), EAGAIN, "full");
  mq_attr found = queue.Attributes();
  ExpectEqual(found.mq_flags, O_NONBLOCK, "mq_flags");
  ExpectEqual(found.mq_maxmsg, kMessages, "mq_maxmsg");
  ExpectEqual(found.mq_msgsize, kBytes, "mq_msgsize");
  ExpectEqual(found.mq_curmsgs, kMessages, "mq_curmsgs");
  mq_attr other = {};
  ExpectEqual(mq_setattr(queue.get(), &other, &found), 0, "mq_setattr");
  ExpectEqual(found.mq_flags, O_NONBLOCK, "as it was");
  ExpectEqual(queue.Attributes().mq_flags, 0, "as it is");
  other.mq_flags = O_APPEND;
  ExpectResult(Raw(mq_setattr(queue.get(), &other, nullptr)), EINVAL, "no other flag");
}

void TimesEndTheWait() {
  const Queue queue;
  char text[kBytes];
  const timespec soon = InMilliseconds(30);
  ExpectResult(Raw(mq_timedreceive(queue.get(), text, kBytes, nullptr, &soon)), ETIMEDOUT, "empty");
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  Expect(now.tv_sec > soon.tv_sec || (now.tv_sec == soon.tv_sec && now.tv_nsec >= soon.tv_nsec),
         "not before");
  const timespec past = {1, 0};
  for (long i = 0; i < kMessages; ++i) {
    ExpectResult(Raw(mq_timedsend(queue.get(), "x", 1, 0, &past)), 0, "there is room");
  }
  ExpectResult(Raw(mq_timedsend(queue.get(), "x", 1, 0, &past)), ETIMEDOUT, "a time that is over");
  const timespec bad = {1, 1'000'000'000};
  ExpectResult(Raw(mq_timedsend(queue.get(), "x", 1, 0, &bad)), EINVAL, "no time");
}

void NamesAreFound() {
  const Queue queue;
  ExpectResult(Raw(mq_open(queue.name(), O_CREAT | O_EXCL | O_RDWR, 0600, nullptr)), EEXIST,
               "O_EXCL");
  const mqd_t reader = mq_open(queue.name(), O_RDONLY);
  const mqd_t writer = mq_open(queue.name(), O_WRONLY);
  Expect(reader >= 0 && writer >= 0, "open again");
  char text[kBytes];
  ExpectResult(Raw(mq_send(reader, "x", 1, 0)), EBADF, "not open for sending");
  ExpectResult(Raw(mq_receive(writer, text, kBytes, nullptr)), EBADF, "not open for receiving");
  ExpectEqual(mq_send(writer, "y", 1, 0), 0, "mq_send");
  ExpectEqual(mq_receive(reader, text, kBytes, nullptr), 1, "the same queue");
  ExpectEqual(mq_unlink(queue.name()), 0, "mq_unlink");
  ExpectResult(Raw(mq_unlink(queue.name())), ENOENT, "once");
  ExpectResult(Raw(mq_open(queue.name(), O_RDWR)), ENOENT, "nobody finds it");
  ExpectEqual(mq_send(writer, "z", 1, 0), 0, "but who has it open has it");
  ExpectEqual(queue.Receive(), 'z', "as before");
  ExpectEqual(mq_close(writer), 0, "mq_close");
  ExpectResult(Raw(mq_send(writer, "x", 1, 0)), EBADF, "closed");
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  ExpectResult(Raw(mq_send(ends[1], "x", 1, 0)), EBADF, "no queue");
}

void NamesAndShapesHaveLimits() {
  const auto open = [](const char* name, long messages, long bytes) {
    mq_attr attributes = {};
    attributes.mq_maxmsg = messages;
    attributes.mq_msgsize = bytes;
    return Call(SYS_mq_open, name, O_CREAT | O_RDWR, 0600, &attributes);
  };
  char name[300];
  std::memset(name, 'n', sizeof name);
  name[256] = '\0';
  ExpectResult(open("a/b", 1, 1), EACCES, "a slash");
  ExpectResult(open("", 1, 1), ENOENT, "nothing");
  ExpectResult(open(name, 1, 1), ENAMETOOLONG, "256 bytes");
  ExpectResult(Call(SYS_mq_unlink, name), ENAMETOOLONG, "256 bytes");
  const struct {
    long messages;
    long bytes;
  } shapes[] = {{0, 1}, {1, 0}, {-1, 1}, {1, -1}, {1L << 30, 1}, {1, 1L << 30}};
  for (const auto& shape : shapes) {
    ExpectResult(open("posix_tests", shape.messages, shape.bytes), EINVAL, "no such queue");
  }
}

void PollKnowsQueues() {
  const Queue queue(O_NONBLOCK);
  const auto events = [&](int timeout) {
    pollfd polled = {queue.get(), POLLIN | POLLOUT, 0};
    return poll(&polled, 1, timeout) < 0 ? -1 : polled.revents;
  };
  ExpectEqual(events(0), POLLOUT, "room");
  queue.Send("x");
  ExpectEqual(events(0), POLLIN | POLLOUT, "a message and room");
  while (queue.Send("x") == 0) {
  }
  ExpectEqual(events(0), POLLIN, "a message");
  while (queue.Receive() != '\0') {
  }
  const pid_t child = fork();
  if (child == 0) {
    usleep(30'000);
    _exit(queue.Send("y") == 0 ? 0 : 1);
  }
  pollfd polled = {queue.get(), POLLIN, 0};
  ExpectEqual(poll(&polled, 1, -1), 1, "until there is a message");
  ExpectEqual(queue.Receive(), 'y', "this one");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "the child has its parent's queues");
}

// One process sends more than there is room for, the other takes it.
void ProcessesTakeTurns() {
  const Queue queue;
  constexpr int kCount = 50;
  const pid_t child = fork();
  if (child == 0) {
    for (int i = 0; i < kCount; ++i) {
      const char text[] = {static_cast<char>('A' + i), '\0'};
      if (queue.Send(text) != 0) _exit(1);
    }
    _exit(0);
  }
  for (int i = 0; i < kCount; ++i) ExpectEqual(queue.Receive(), 'A' + i, "in order");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "the sender");
}

void DescriptorsAreClosedByExec() {
  const Queue queue;
  const int flags = fcntl(queue.get(), F_GETFD);
  ExpectEqual(flags, FD_CLOEXEC, "mq_open sets it");
}

volatile int signals = 0;
volatile int last_code = 0;
volatile int last_value = 0;

void Note(int, siginfo_t* information, void*) {
  signals = signals + 1;
  last_code = information->si_code;
  last_value = information->si_value.sival_int;
}

sigevent EventOf(int signal, int value) {
  struct sigaction action = {};
  action.sa_sigaction = Note;
  action.sa_flags = SA_SIGINFO;
  ExpectEqual(sigaction(signal, &action, nullptr), 0, "sigaction");
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = signal;
  event.sigev_value.sival_int = value;
  return event;
}

void SomebodyIsTold() {
  const Queue queue;
  const sigevent event = EventOf(SIGUSR1, 77);
  ExpectEqual(mq_notify(queue.get(), &event), 0, "mq_notify");
  ExpectResult(Raw(mq_notify(queue.get(), &event)), EBUSY, "only one");
  queue.Send("x");
  ExpectEqual(signals, 1, "told");
  ExpectEqual(last_code, SI_MESGQ, "of a message");
  ExpectEqual(last_value, 77, "with the value");
  queue.Receive();
  queue.Send("x");
  ExpectEqual(signals, 1, "only once");
  ExpectEqual(mq_notify(queue.get(), &event), 0, "mq_notify");
  queue.Send("x");
  ExpectEqual(signals, 1, "the queue was not empty");
  queue.Receive();
  queue.Receive();
  queue.Send("x");
  ExpectEqual(signals, 2, "now it was");
  queue.Receive();
  ExpectEqual(mq_notify(queue.get(), &event), 0, "mq_notify");
  ExpectEqual(mq_notify(queue.get(), nullptr), 0, "taken back");
  queue.Send("x");
  ExpectEqual(signals, 2, "nobody is told");
  sigevent bad = event;
  bad.sigev_notify = 99;
  ExpectResult(Call(SYS_mq_notify, queue.get(), &bad), EINVAL, "no such event");
}

// Who closes the queue is not told, and others may ask.
void ClosingTakesItBack() {
  const Queue queue;
  const sigevent event = EventOf(SIGUSR1, 1);
  const mqd_t other = mq_open(queue.name(), O_RDWR);
  const pid_t child = fork();
  if (child == 0) {
    if (mq_notify(other, &event) != 0 || Raw(mq_notify(queue.get(), &event)) != -EBUSY) _exit(1);
    mq_close(queue.get());
    _exit(mq_notify(other, &event) == 0 ? 0 : 2);
  }
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "the child");
  ExpectEqual(mq_notify(queue.get(), &event), 0, "the child has ended");
  queue.Send("x");
  ExpectEqual(signals, 1, "told");
}

constexpr support::Test kTests[] = {
    {"mq: priorities", Priorities},
    {"mq: sizes", Sizes},
    {"mq: O_NONBLOCK and attributes", NonBlocking},
    {"mq: times", TimesEndTheWait},
    {"mq: names", NamesAreFound},
    {"mq: limits", NamesAndShapesHaveLimits},
    {"mq: poll", PollKnowsQueues},
    {"mq: two processes", ProcessesTakeTurns},
    {"mq: close on exec", DescriptorsAreClosedByExec},
    {"mq: mq_notify", SomebodyIsTold},
    {"mq: mq_notify and close", ClosingTakesItBack},
};

}  // namespace

Group QueueTests() { return kTests; }

}  // namespace posix
