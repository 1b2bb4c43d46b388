#include "kernel/sched/scheduler.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/sched/deadline.h"
#include "kernel/sched/thread.h"
#include "testing/unit/test.h"

namespace {

using sched::BitOf;
using sched::Deadline;
using sched::Interruption;
using sched::ReturnWork;
using sched::Scheduler;
using sched::ThreadState;
using sched::WaitResult;

uint64_t clock_nanoseconds = 0;
// The earliest moment that an interrupt was asked for since the clock was set to it.
uint64_t next_interrupt = Deadline::Never().nanoseconds;

// Switching is nothing here: the test goes on in the name of whoever is current.
class TestThread final : public sched::Thread {
 public:
  void SwitchFrom(Thread&) override { ++runs; }
  void Bury() override {}

  size_t runs = 0;
};

struct Fixture {
  Fixture() {
    clock_nanoseconds = 0;
    next_interrupt = Deadline::Never().nanoseconds;
  }
  // Nobody is left in a list.
  ~Fixture() {
    EXPECT_TRUE(scheduler.CheckInvariants().has_value());
    for (TestThread& thread : threads) {
      if (thread.IsLinked()) thread.Unlink();
    }
  }

  void StartAll() {
    for (TestThread& thread : threads) scheduler.Start(thread);
    scheduler.Yield();  // of the idle thread
  }
  bool IsCurrent(size_t index) { return &scheduler.current() == &threads[index]; }
  bool HasWork(ReturnWork bit) const { return (work.load() & BitOf(bit)) != 0; }

  TestThread idle;
  std::array<TestThread, 3> threads;
  std::atomic<uint32_t> work = 0;
  // Time goes on to the next interrupt that somebody asked for; no tick has passed.
  void Interrupt() {
    clock_nanoseconds = std::exchange(next_interrupt, Deadline::Never().nanoseconds);
    scheduler.OnTimer(0);
  }

  Scheduler scheduler{
      idle,
      {.now = [] { return clock_nanoseconds; },
       .interrupt_by =
           [](uint64_t nanoseconds) { next_interrupt = std::min(next_interrupt, nanoseconds); }},
      work};
};

TEST(Scheduler, RunsInTurn) {
  Fixture fixture;
  fixture.StartAll();
  for (size_t turn = 0; turn < 7; ++turn) {
    ASSERT_TRUE(fixture.IsCurrent(turn % 3));
    fixture.scheduler.Yield();
    ASSERT_TRUE(fixture.scheduler.CheckInvariants().has_value());
  }
  EXPECT_EQ(fixture.scheduler.ready_count(), 2u);
  EXPECT_EQ(fixture.threads[0].switches().involuntary, 3u);
  EXPECT_EQ(fixture.threads[0].switches().voluntary, 0u);
}

TEST(Scheduler, YieldOfTheOnlyOneSwitchesNothing) {
  Fixture fixture;
  fixture.scheduler.Start(fixture.threads[0]);
  fixture.scheduler.Yield();
  const uint64_t switches = fixture.scheduler.switches();
  fixture.scheduler.Yield();
  EXPECT_TRUE(fixture.IsCurrent(0));
  EXPECT_EQ(fixture.scheduler.switches(), switches);
}

TEST(Scheduler, SliceEndsOnlyWhenSomebodyWaits) {
  Fixture fixture;
  fixture.scheduler.Start(fixture.threads[0]);
  fixture.scheduler.Yield();
  for (unsigned tick = 0; tick < 3 * Scheduler::kSliceTicks; ++tick) fixture.scheduler.OnTimer(1);
  EXPECT_FALSE(fixture.HasWork(ReturnWork::kReschedule));
  fixture.scheduler.Start(fixture.threads[1]);
  fixture.scheduler.OnTimer(1);
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kReschedule));
  fixture.scheduler.Preempt();
  EXPECT_TRUE(fixture.IsCurrent(1));
  EXPECT_EQ(fixture.threads[0].ticks(), 3 * Scheduler::kSliceTicks + 1);
  // A slice of its own.
  for (unsigned tick = 1; tick < Scheduler::kSliceTicks; ++tick) {
    fixture.scheduler.OnTimer(1);
    EXPECT_FALSE(fixture.HasWork(ReturnWork::kReschedule));
  }
  fixture.scheduler.OnTimer(1);
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kReschedule));
}

TEST(Scheduler, WakeAndDeadlineEndAWaitOnce) {
  Fixture fixture;
  fixture.StartAll();
  static_cast<void>(fixture.scheduler.Block({100}, Interruption::kBySignals));
  EXPECT_EQ(fixture.threads[0].state(), ThreadState::kBlocked);
  EXPECT_EQ(fixture.threads[0].switches().voluntary, 1u);
  EXPECT_TRUE(fixture.IsCurrent(1));
  fixture.scheduler.Wake(fixture.threads[0]);
  fixture.scheduler.Wake(fixture.threads[0]);
  EXPECT_EQ(fixture.threads[0].state(), ThreadState::kReady);
  EXPECT_EQ(fixture.scheduler.ready_count(), 2u);
  clock_nanoseconds = 200;
  fixture.scheduler.OnTimer(1);  // its deadline is gone
  EXPECT_EQ(fixture.scheduler.ready_count(), 2u);

  static_cast<void>(fixture.scheduler.Block({300}, Interruption::kBySignals));
  clock_nanoseconds = 299;
  fixture.scheduler.OnTimer(1);
  EXPECT_EQ(fixture.threads[1].state(), ThreadState::kBlocked);
  clock_nanoseconds = 300;
  fixture.scheduler.OnTimer(1);
  EXPECT_EQ(fixture.threads[1].state(), ThreadState::kReady);
}

TEST(Scheduler, DeadlinesAreKeptBetweenTicks) {
  Fixture fixture;
  fixture.StartAll();
  static_cast<void>(fixture.scheduler.Block({300}, Interruption::kBySignals));
  static_cast<void>(fixture.scheduler.Block({100}, Interruption::kBySignals));
  static_cast<void>(fixture.scheduler.Block({200}, Interruption::kBySignals));
  EXPECT_EQ(&fixture.scheduler.current(), &fixture.idle);
  for (const size_t index : {1, 2, 0}) {
    EXPECT_EQ(fixture.threads[index].state(), ThreadState::kBlocked);
    fixture.Interrupt();
    EXPECT_EQ(fixture.threads[index].state(), ThreadState::kReady);
  }
  EXPECT_EQ(clock_nanoseconds, 300u);
  EXPECT_EQ(next_interrupt, Deadline::Never().nanoseconds);
  // They are nobody's time.
  EXPECT_EQ(fixture.idle.ticks(), 0u);
}

TEST(Scheduler, LateTicksCount) {
  Fixture fixture;
  fixture.StartAll();
  fixture.scheduler.OnTimer(Scheduler::kSliceTicks + 5);
  EXPECT_EQ(fixture.threads[0].ticks(), Scheduler::kSliceTicks + 5);
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kReschedule));
}

TEST(Scheduler, DeadlineThatHasPassedLetsOthersRun) {
  Fixture fixture;
  fixture.StartAll();
  clock_nanoseconds = 50;
  EXPECT_EQ(fixture.scheduler.Block({50}, Interruption::kBySignals), WaitResult::kTimedOut);
  EXPECT_TRUE(fixture.IsCurrent(1));
  EXPECT_EQ(fixture.threads[0].state(), ThreadState::kReady);
}

TEST(Scheduler, SignalsEndOnlyWaitsThatTheyMay) {
  struct Case {
    Interruption interruption;
    bool has_signal, is_dying;
    ThreadState state;
  };
  const std::array<Case, 4> cases = {{
      {Interruption::kBySignals, true, false, ThreadState::kReady},
      {Interruption::kBySignals, false, true, ThreadState::kReady},
      {Interruption::kByDeath, true, false, ThreadState::kBlocked},
      {Interruption::kByDeath, false, true, ThreadState::kReady},
  }};
  for (const Case& one : cases) {
    Fixture fixture;
    fixture.StartAll();
    static_cast<void>(fixture.scheduler.Block(Deadline::Never(), one.interruption));
    if (one.has_signal) fixture.scheduler.SetSignal(fixture.threads[0], true);
    if (one.is_dying) fixture.scheduler.SetDying(fixture.threads[0]);
    EXPECT_EQ(fixture.threads[0].state(), one.state);
    EXPECT_FALSE(fixture.HasWork(ReturnWork::kInterruption));
  }
}

TEST(Scheduler, SignalThatIsThereIsWorkAndEndsAWaitAtOnce) {
  Fixture fixture;
  fixture.StartAll();
  fixture.scheduler.SetSignal(fixture.threads[0], true);
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kInterruption));
  EXPECT_EQ(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals),
            WaitResult::kInterrupted);
  EXPECT_TRUE(fixture.IsCurrent(0));
  fixture.scheduler.Yield();
  EXPECT_FALSE(fixture.HasWork(ReturnWork::kInterruption));  // of another thread
  fixture.scheduler.Yield();
  fixture.scheduler.Yield();
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kInterruption));
  fixture.scheduler.SetSignal(fixture.threads[0], false);
  EXPECT_FALSE(fixture.HasWork(ReturnWork::kInterruption));
}

TEST(Scheduler, SignalsDoNotForgetASliceThatIsOver) {
  Fixture fixture;
  fixture.StartAll();
  for (unsigned tick = 0; tick < Scheduler::kSliceTicks; ++tick) fixture.scheduler.OnTimer(1);
  fixture.scheduler.SetSignal(fixture.threads[0], true);
  fixture.scheduler.SetSignal(fixture.threads[0], false);
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kReschedule));
}

// As an interrupt does it.
void WakeFavoured(Fixture& fixture, size_t index) {
  fixture.scheduler.Wake(fixture.threads[index]);
  fixture.scheduler.Favour(fixture.threads[index]);
}

TEST(Scheduler, WhomAnInterruptWakesRunsAtOnce) {
  Fixture fixture;
  fixture.StartAll();
  static_cast<void>(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals));
  ASSERT_TRUE(fixture.IsCurrent(1));
  fixture.scheduler.OnTimer(1);
  WakeFavoured(fixture, 0);
  ASSERT_TRUE(fixture.scheduler.CheckInvariants().has_value());
  ASSERT_TRUE(fixture.HasWork(ReturnWork::kReschedule));
  fixture.scheduler.Preempt();
  EXPECT_TRUE(fixture.IsCurrent(0));
  EXPECT_FALSE(fixture.HasWork(ReturnWork::kReschedule));
  EXPECT_EQ(fixture.scheduler.ready_count(), 2u);
  // Then whoever ran before has the rest of his slice.
  static_cast<void>(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals));
  EXPECT_TRUE(fixture.IsCurrent(1));
  fixture.scheduler.OnTimer(Scheduler::kSliceTicks - 1);
  EXPECT_TRUE(fixture.HasWork(ReturnWork::kReschedule));
  fixture.scheduler.Preempt();
  EXPECT_TRUE(fixture.IsCurrent(2));
}

TEST(Scheduler, ASliceThatIsOverIsOverForWhoIsInterrupted) {
  Fixture fixture;
  fixture.StartAll();
  static_cast<void>(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals));
  fixture.scheduler.OnTimer(Scheduler::kSliceTicks);
  WakeFavoured(fixture, 0);
  fixture.scheduler.Preempt();
  EXPECT_TRUE(fixture.IsCurrent(0));
  static_cast<void>(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals));
  EXPECT_TRUE(fixture.IsCurrent(2));
}

// Interrupts without end, each of which the favoured thread is busy with until the next tick.
TEST(Scheduler, InterruptsLeaveOthersHalfOfTheProcessor) {
  Fixture fixture;
  fixture.scheduler.Start(fixture.threads[0]);
  fixture.scheduler.Start(fixture.threads[1]);
  fixture.scheduler.Yield();
  constexpr unsigned kTicks = 1000;
  for (unsigned tick = 0; tick < kTicks; ++tick) {
    if (fixture.IsCurrent(0)) {
      static_cast<void>(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals));
    }
    WakeFavoured(fixture, 0);
    fixture.scheduler.Preempt();
    fixture.scheduler.OnTimer(1);
    fixture.scheduler.Preempt();
    ASSERT_TRUE(fixture.scheduler.CheckInvariants().has_value());
  }
  EXPECT_GE(fixture.threads[1].ticks(), kTicks / 2 - Scheduler::kSliceTicks);
  EXPECT_GE(fixture.threads[0].ticks(), kTicks / 3);
}

TEST(Scheduler, FavourIsForThoseWhoAreReady) {
  Fixture fixture;
  fixture.StartAll();
  static_cast<void>(fixture.scheduler.Block(Deadline::Never(), Interruption::kBySignals));
  fixture.scheduler.Favour(fixture.threads[0]);  // blocked
  fixture.scheduler.Favour(fixture.threads[1]);  // it runs
  EXPECT_FALSE(fixture.HasWork(ReturnWork::kReschedule));
  EXPECT_EQ(fixture.scheduler.ready_count(), 1u);
}

}  // namespace
