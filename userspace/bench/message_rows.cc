// Round trips between two processes or threads: a message goes over and an answer comes back.

#include <fcntl.h>
#include <mqueue.h>
#include <pthread.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "userspace/bench/rows.h"
#include "userspace/libatlas/native/message.h"
#include "userspace/libatlas/native/thread.h"

namespace bench {
namespace {

using machine::SystemCall;

constexpr unsigned kTrips = 2000;
constexpr size_t kMessageBytes = 64;

Figure PipeRoundTrip(Trial& trial) {
  const Pipe there(trial);
  const Pipe back(trial);
  if (!there.valid() || !back.valid()) return std::nullopt;
  char byte = 0;
  const auto pass = [&](const char* call, long number, int end) {
    return trial.Did(call, SystemCall(number, end, reinterpret_cast<long>(&byte), 1));
  };
  const Partner partner(trial, [&] {
    while (pass("read", SYS_read, there.read_end()) && pass("write", SYS_write, back.write_end())) {
    }
  });
  if (!partner.valid()) return std::nullopt;
  return trial.Average(kTrips, [&] {
    return pass("write", SYS_write, there.write_end()) && pass("read", SYS_read, back.read_end());
  });
}

// Linux's numbers, for which musl has no header.
constexpr int kFutexWait = 0;
constexpr int kFutexWake = 1;

using Word = std::atomic<uint32_t>;

// Whose turn it is, as two tasks tell each other by a futex. It is the same call for processes and
// threads: none that is private to the process.
class Turn {
 public:
  Turn(Trial& trial, Word& word) : trial_(trial), word_(word) {}

  // Gives the turn to `other` and waits until it is `own` again.
  bool PassAndAwait(uint32_t own, uint32_t other) { return Pass(other) && Await(own); }

  bool Pass(uint32_t to) {
    word_.store(to);
    return trial_.Did("futex", Call(kFutexWake, 1));
  }

  bool Await(uint32_t own) {
    while (true) {
      const uint32_t seen = word_.load();
      if (seen == own) return true;
      const long result = Call(kFutexWait, seen);
      // It has changed meanwhile.
      if (result != -EAGAIN && !trial_.Did("futex", result)) return false;
    }
  }

 private:
  long Call(int operation, uint32_t value) {
    return SystemCall(SYS_futex, reinterpret_cast<long>(&word_), operation,
                      static_cast<long>(value), 0);
  }

  Trial& trial_;
  Word& word_;
};

constexpr uint32_t kOurs = 0;
constexpr uint32_t kTheirs = 1;
constexpr uint32_t kOver = 2;

Figure FutexProcesses(Trial& trial) {
  const Mapping mapping(trial, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED);
  if (!mapping.valid()) return std::nullopt;
  Word& word = *reinterpret_cast<Word*>(mapping.address(0));
  Turn turn(trial, word);
  const Partner partner(trial, [&] {
    while (turn.Await(kTheirs) && turn.Pass(kOurs)) {
    }
  });
  if (!partner.valid()) return std::nullopt;
  return trial.Average(kTrips, [&] { return turn.PassAndAwait(kOurs, kTheirs); });
}

struct Echo {
  Trial* trial;
  Word word;
};

void* EchoTurns(void* argument) {
  auto& echo = *static_cast<Echo*>(argument);
  Turn turn(*echo.trial, echo.word);
  while (true) {
    const uint32_t seen = echo.word.load();
    if (seen == kOver) return nullptr;
    if (seen == kTheirs && !turn.Pass(kOurs)) return nullptr;
    SystemCall(SYS_futex, reinterpret_cast<long>(&echo.word), kFutexWait, kOurs, 0);
  }
}

Figure FutexThreads(Trial& trial) {
  Echo echo = {&trial, kOurs};
  pthread_t thread;
  const int error = pthread_create(&thread, nullptr, EchoTurns, &echo);
  if (error != 0) {
    trial.Fail("pthread_create", error);
    return std::nullopt;
  }
  Turn turn(trial, echo.word);
  const Figure figure = trial.Average(kTrips, [&] { return turn.PassAndAwait(kOurs, kTheirs); });
  turn.Pass(kOver);
  pthread_join(thread, nullptr);
  return figure;
}

// On one processor the other one runs as soon as this one yields. Linux gives a new child a later
// start than its parent, and lets the parent go on until the two are even.
Figure YieldRound(Trial& trial) {
  constexpr unsigned kUntilEven = 20000;
  const auto yield = [&] { return trial.Did("sched_yield", SystemCall(SYS_sched_yield)); };
  const Partner partner(trial, [&] {
    while (yield()) {
    }
  });
  if (!partner.valid()) return std::nullopt;
  for (unsigned i = 0; i < kUntilEven; ++i) {
    if (!yield()) return std::nullopt;
  }
  return trial.Average(kTrips, yield);
}

struct Message {
  long type;
  char text[kMessageBytes];
};

bool Send(Trial& trial, int queue, long type) {
  Message message = {.type = type, .text = {}};
  return trial.Did(
      "msgsnd", SystemCall(SYS_msgsnd, queue, reinterpret_cast<long>(&message), kMessageBytes, 0));
}

bool Receive(Trial& trial, int queue, long type) {
  Message message;
  return trial.Did("msgrcv", SystemCall(SYS_msgrcv, queue, reinterpret_cast<long>(&message),
                                        kMessageBytes, type, 0));
}

Figure SystemVQueue(Trial& trial) {
  constexpr long kThere = 1;
  constexpr long kBack = 2;
  const long made = SystemCall(SYS_msgget, IPC_PRIVATE, IPC_CREAT | 0600);
  if (!trial.Did("msgget", made)) return std::nullopt;
  const int queue = static_cast<int>(made);
  Figure figure;
  {
    const Partner partner(trial, [&] {
      while (Receive(trial, queue, kThere) && Send(trial, queue, kBack)) {
      }
    });
    if (partner.valid()) {
      figure = trial.Average(
          kTrips, [&] { return Send(trial, queue, kThere) && Receive(trial, queue, kBack); });
    }
  }
  SystemCall(SYS_msgctl, queue, IPC_RMID, 0);
  return figure;
}

// A POSIX message queue that lives as long as this object.
class Queue {
 public:
  Queue(Trial& trial, const char* name) : trial_(trial), name_(name) {
    mq_attr attributes = {};
    attributes.mq_maxmsg = 1;
    attributes.mq_msgsize = kMessageBytes;
    queue_ = mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (queue_ < 0) trial.Fail("mq_open", errno);
  }
  ~Queue() {
    if (!valid()) return;
    mq_close(queue_);
    mq_unlink(name_);
  }
  Queue(const Queue&) = delete;
  Queue& operator=(const Queue&) = delete;

  bool valid() const { return queue_ >= 0; }

  bool Send() const {
    const char text[kMessageBytes] = {};
    return trial_.Did("mq_send", SystemCall(SYS_mq_timedsend, queue_, reinterpret_cast<long>(text),
                                            kMessageBytes, 0));
  }

  bool Receive() const {
    char text[kMessageBytes];
    return trial_.Did("mq_receive", SystemCall(SYS_mq_timedreceive, queue_,
                                               reinterpret_cast<long>(text), kMessageBytes, 0));
  }

 private:
  Trial& trial_;
  const char* name_;
  mqd_t queue_;
};

Figure PosixQueue(Trial& trial) {
  const Queue there(trial, "/there");
  const Queue back(trial, "/back");
  if (!there.valid() || !back.valid()) return std::nullopt;
  const Partner partner(trial, [&] {
    while (there.Receive() && back.Send()) {
    }
  });
  if (!partner.valid()) return std::nullopt;
  return trial.Average(kTrips, [&] { return there.Send() && back.Receive(); });
}

// Native threads of two processes, which only Atlas has.
bool BecomeNative(Trial& trial) {
  long error = 0;
  return atlas::BecomeNative(&error) != nullptr || trial.Did("become native", error);
}

const atlas::Message* Receive(Trial& trial) {
  long error = 0;
  const atlas::Message* const message = atlas::Receive(atlas::kForever, &error);
  if (message == nullptr) trial.Did("receive", error);
  return message;
}

bool Send(Trial& trial, int32_t to) { return trial.Did("send", atlas::Send(to, {})); }

// What a partner does with each message, and trip(partner) with it.
template <typename Answer, typename Trip>
Figure NativeTrips(Trial& trial, Answer answer, Trip trip) {
  return InChild(trial, [&]() -> Figure {
    if (!BecomeNative(trial)) return std::nullopt;
    const auto self = static_cast<int32_t>(SystemCall(SYS_getpid));
    const Partner partner(trial, [&] {
      if (!BecomeNative(trial) || !Send(trial, self)) return;
      while (const atlas::Message* const message = Receive(trial)) {
        if (!answer(*message)) return;
      }
    });
    if (!partner.valid()) return std::nullopt;
    // By which it is known to be native.
    const atlas::Message* const hello = Receive(trial);
    if (hello == nullptr) return std::nullopt;
    const int32_t other = hello->sender;
    return trial.Average(kTrips, [&] { return trip(other); });
  });
}

Figure NativeMessages(Trial& trial) {
  return NativeTrips(
      trial, [&](const atlas::Message& message) { return Send(trial, message.sender); },
      [&](int32_t partner) { return Send(trial, partner) && Receive(trial) != nullptr; });
}

Figure NativeCalls(Trial& trial) {
  return NativeTrips(
      trial,
      [&](const atlas::Message& message) {
        return trial.Did("reply", atlas::Reply(message.sender, {.call = message.call}));
      },
      [&](int32_t partner) {
        atlas::Message reply;
        return trial.Did("call", atlas::Call(partner, {}, reply));
      });
}

}  // namespace

const Row kMessageRows[] = {
    {"pipe_round_trip", PipeRoundTrip},  {"futex_processes", FutexProcesses},
    {"futex_threads", FutexThreads},     {"yield_round", YieldRound},
    {"system_v_queue", SystemVQueue},    {"posix_queue", PosixQueue},
    {"native_messages", NativeMessages}, {"native_calls", NativeCalls},
};
const unsigned kMessageRowCount = sizeof kMessageRows / sizeof kMessageRows[0];

}  // namespace bench
