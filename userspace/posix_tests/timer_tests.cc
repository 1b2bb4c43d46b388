// Timers that processes make.

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
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

constexpr long kMillisecond = 1'000'000;

volatile int signals = 0;
volatile int last_signal = 0;
volatile int last_code = 0;
volatile int last_value = 0;
volatile int last_overrun = 0;

void Note(int signal, siginfo_t* information, void*) {
  signals = signals + 1;
  last_signal = signal;
  last_code = information->si_code;
  last_value = information->si_value.sival_int;
  last_overrun = information->si_overrun;
}

void Handle(int signal) {
  struct sigaction action = {};
  action.sa_sigaction = Note;
  action.sa_flags = SA_SIGINFO;
  ExpectEqual(sigaction(signal, &action, nullptr), 0, "sigaction");
}

sigset_t SetOf(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

// A timer of the monotonic clock that sends SIGUSR1 with 55.
timer_t NewTimer(int kind = SIGEV_SIGNAL, clockid_t clock = CLOCK_MONOTONIC) {
  Handle(SIGUSR1);
  sigevent event = {};
  event.sigev_notify = kind;
  event.sigev_signo = SIGUSR1;
  event.sigev_value.sival_int = 55;
  timer_t timer = nullptr;
  Require(timer_create(clock, &event, &timer) == 0, "timer_create");
  return timer;
}

void Set(timer_t timer, long milliseconds, long interval_milliseconds = 0) {
  const auto time_of = [](long span) { return timespec{span / 1000, span % 1000 * kMillisecond}; };
  const itimerspec setting = {time_of(interval_milliseconds), time_of(milliseconds)};
  ExpectEqual(timer_settime(timer, 0, &setting, nullptr), 0, "timer_settime");
}

int64_t Left(timer_t timer) {
  itimerspec setting = {};
  ExpectEqual(timer_gettime(timer, &setting), 0, "timer_gettime");
  return int64_t{setting.it_value.tv_sec} * 1'000'000'000 + setting.it_value.tv_nsec;
}

int64_t Now(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

void SleepFor(long milliseconds) {
  timespec left = {milliseconds / 1000, milliseconds % 1000 * kMillisecond};
  while (nanosleep(&left, &left) != 0) {
  }
}

void OnceAndNotAgain() {
  const timer_t timer = NewTimer();
  ExpectEqual(Left(timer), 0, "not set");
  const int64_t before = Now(CLOCK_MONOTONIC);
  Set(timer, 30);
  Expect(Left(timer) > 0 && Left(timer) <= 30 * kMillisecond, "what is left");
  ExpectEqual(pause(), -1, "pause");
  Expect(Now(CLOCK_MONOTONIC) - before >= 30 * kMillisecond, "not before");
  ExpectEqual(signals, 1, "one signal");
  ExpectEqual(last_code, SI_TIMER, "of a timer");
  ExpectEqual(last_value, 55, "with the value");
  ExpectEqual(Left(timer), 0, "not set any more");
  SleepFor(60);
  ExpectEqual(signals, 1, "only once");
  ExpectEqual(timer_delete(timer), 0, "timer_delete");
}

void AgainAndAgain() {
  const timer_t timer = NewTimer();
  Set(timer, 20, 20);
  for (int i = 1; i <= 3; ++i) {
    while (signals < i) pause();
  }
  itimerspec setting = {};
  ExpectEqual(timer_gettime(timer, &setting), 0, "timer_gettime");
  ExpectEqual(setting.it_interval.tv_nsec, 20 * kMillisecond, "the interval");
  const itimerspec none = {};
  itimerspec old = {};
  ExpectEqual(timer_settime(timer, 0, &none, &old), 0, "disarmed");
  ExpectEqual(old.it_interval.tv_nsec, 20 * kMillisecond, "as it was");
  const int before = signals;
  SleepFor(60);
  ExpectEqual(signals, before, "no more");
}

// While its signal is pending, a timer counts.
void Overruns() {
  const timer_t timer = NewTimer();
  const sigset_t set = SetOf(SIGUSR1);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  Set(timer, 10, 10);
  SleepFor(105);
  sigprocmask(SIG_UNBLOCK, &set, nullptr);
  Expect(signals >= 1, "told");
  const int overrun = timer_getoverrun(timer);
  ExpectEqual(last_overrun, overrun, "the handler is told, too");
  Expect(overrun >= 5 && overrun <= 40, "ten times, or a little more");
}

void AbsoluteTimes() {
  for (const clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    const timer_t timer = NewTimer(SIGEV_SIGNAL, clock);
    const int before = signals;
    const int64_t due = Now(clock) + 20 * kMillisecond;
    const itimerspec setting = {
        {}, {static_cast<time_t>(due / 1'000'000'000), static_cast<long>(due % 1'000'000'000)}};
    ExpectEqual(timer_settime(timer, TIMER_ABSTIME, &setting, nullptr), 0, "timer_settime");
    while (signals == before) pause();
    Expect(Now(clock) >= due, "not before");
    const itimerspec past = {{}, {0, 1}};
    ExpectEqual(timer_settime(timer, TIMER_ABSTIME, &past, nullptr), 0, "a time that is over");
    SleepFor(30);
    ExpectEqual(signals, before + 2, "at once");
  }
}

void WithoutASignal() {
  const timer_t timer = NewTimer(SIGEV_NONE);
  Set(timer, 20);
  Expect(Left(timer) > 0, "it runs");
  SleepFor(40);
  ExpectEqual(Left(timer), 0, "it has ended");
  Set(timer, 20, 20);
  SleepFor(30);
  Expect(Left(timer) > 0 && Left(timer) <= 20 * kMillisecond, "it goes round");
  ExpectEqual(signals, 0, "nobody is told");
}

// By default, SIGALRM with the timer's number.
void ByDefault() {
  Handle(SIGALRM);
  int timer = -1;
  ExpectResult(Call(SYS_timer_create, CLOCK_REALTIME, 0, &timer), 0, "timer_create");
  Set(reinterpret_cast<timer_t>(static_cast<intptr_t>(timer)), 10);
  pause();
  ExpectEqual(last_signal, SIGALRM, "the signal");
  ExpectEqual(last_value, timer, "the value");
}

void OneThreadIsTold() {
  Handle(SIGUSR1);
  struct {
    sigval value;
    int signal;
    int kind;
    int thread;
    char rest[64];
  } event = {};
  constexpr int kThreadId = 4;  // SIGEV_THREAD_ID
  event.signal = SIGUSR1;
  event.kind = kThreadId;
  event.thread = static_cast<int>(Call(SYS_gettid));
  int timer = -1;
  ExpectResult(Call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer), 0, "timer_create");
  Set(reinterpret_cast<timer_t>(static_cast<intptr_t>(timer)), 10);
  pause();
  ExpectEqual(signals, 1, "told");
  event.thread = 1'000'000'000;
  ExpectResult(Call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer), EINVAL, "no such thread");
}

void WrongArguments() {
  sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = 65;
  int timer = 0;
  ExpectResult(Call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer), EINVAL, "no such signal");
  event.sigev_signo = SIGUSR1;
  event.sigev_notify = 99;
  ExpectResult(Call(SYS_timer_create, CLOCK_MONOTONIC, &event, &timer), EINVAL, "no such event");
  ExpectResult(Call(SYS_timer_create, 9999, 0, &timer), EINVAL, "no such clock");
  ExpectResult(Call(SYS_timer_create, CLOCK_MONOTONIC, 0, 8), EFAULT, "nothing is there");
  ExpectResult(Call(SYS_timer_delete, 12345), EINVAL, "no such timer");
  ExpectResult(Call(SYS_timer_getoverrun, 12345), EINVAL, "no such timer");
  const timer_t made = NewTimer();
  const itimerspec bad = {{}, {0, 1'000'000'000}};
  ExpectResult(Raw(timer_settime(made, 0, &bad, nullptr)), EINVAL, "no time");
  ExpectEqual(timer_delete(made), 0, "timer_delete");
  ExpectResult(Raw(timer_delete(made)), EINVAL, "once");
}

void ChildrenHaveNone() {
  const timer_t timer = NewTimer();
  Set(timer, 20);
  const pid_t child = fork();
  if (child == 0) {
    itimerspec setting = {};
    const bool is_gone = Raw(timer_gettime(timer, &setting)) == -EINVAL;
    SleepFor(40);
    _exit(is_gone && signals == 0 ? 0 : 1);
  }
  int status = 0;
  while (waitpid(child, &status, 0) != child) {
  }
  ExpectEqual(status, Exited(0), "the child");
  ExpectEqual(signals, 1, "the parent");
}

// Sleep ends when it is due and not with some tick behind it, unless others have the processor.
void InTime() {
  constexpr int kTimes = 20;
  constexpr int kUndisturbed = 3;
  int in_time = 0;
  for (int i = 0; i < kTimes; ++i) {
    const int64_t before = Now(CLOCK_MONOTONIC);
    SleepFor(1);
    const int64_t took = Now(CLOCK_MONOTONIC) - before;
    Expect(took >= kMillisecond, "not before");
    if (took < 4 * kMillisecond) ++in_time;
  }
  Expect(in_time >= kUndisturbed, "not long after");
}

constexpr support::Test kTests[] = {
    {"timers: once", OnceAndNotAgain},
    {"timers: again and again", AgainAndAgain},
    {"timers: overruns", Overruns},
    {"timers: absolute times", AbsoluteTimes},
    {"timers: without a signal", WithoutASignal},
    {"timers: by default", ByDefault},
    {"timers: for one thread", OneThreadIsTold},
    {"timers: wrong arguments", WrongArguments},
    {"timers: fork", ChildrenHaveNone},
    {"timers: in time", InTime},
};

}  // namespace

Group TimerTests() { return kTests; }

}  // namespace posix
