#include "kernel/process/signal_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/posix/signal.h"
#include "testing/unit/test.h"

namespace {

using posix::Signal;
using posix::SignalSet;
using process::QueuedSignal;
using process::SignalQueue;

constexpr Signal kRealTime = static_cast<Signal>(40);

struct Fixture {
  ~Fixture() {
    queue.Discard(SignalSet(~uint64_t{0}), [](QueuedSignal&) {});
  }

  QueuedSignal* Entry(size_t index, Signal signal) {
    entries[index].information.signal = static_cast<int32_t>(posix::NumberOf(signal));
    return &entries[index];
  }

  std::array<QueuedSignal, 4> entries;
  SignalQueue queue;
};

TEST(SignalQueue, AStandardSignalIsPendingOnce) {
  Fixture fixture;
  EXPECT_TRUE(fixture.queue.Wants(Signal::kTerminate));
  fixture.queue.Add(Signal::kTerminate, fixture.Entry(0, Signal::kTerminate));
  EXPECT_FALSE(fixture.queue.Wants(Signal::kTerminate));
  EXPECT_TRUE(fixture.queue.CheckInvariants().has_value());
  EXPECT_EQ(fixture.queue.Take(Signal::kTerminate), &fixture.entries[0]);
  EXPECT_TRUE(fixture.queue.pending().IsEmpty());
}

TEST(SignalQueue, RealTimeSignalsQueueInOrder) {
  Fixture fixture;
  for (size_t index = 0; index < 3; ++index) {
    EXPECT_TRUE(fixture.queue.Wants(kRealTime));
    fixture.queue.Add(kRealTime, fixture.Entry(index, kRealTime));
  }
  for (size_t index = 0; index < 3; ++index) {
    EXPECT_TRUE(fixture.queue.pending().Has(kRealTime));
    EXPECT_EQ(fixture.queue.Take(kRealTime), &fixture.entries[index]);
    EXPECT_TRUE(fixture.queue.CheckInvariants().has_value());
  }
  EXPECT_FALSE(fixture.queue.pending().Has(kRealTime));
}

TEST(SignalQueue, WithoutMemoryTheSignalIsThereAllTheSame) {
  Fixture fixture;
  fixture.queue.Add(Signal::kKill, nullptr);
  EXPECT_TRUE(fixture.queue.pending().Has(Signal::kKill));
  EXPECT_EQ(fixture.queue.Take(Signal::kKill), nullptr);
  EXPECT_TRUE(fixture.queue.pending().IsEmpty());
}

TEST(SignalQueue, DiscardForgetsSomeAndGivesTheirEntriesBack) {
  Fixture fixture;
  fixture.queue.Add(kRealTime, fixture.Entry(0, kRealTime));
  fixture.queue.Add(Signal::kStop, fixture.Entry(1, Signal::kStop));
  fixture.queue.Add(kRealTime, fixture.Entry(2, kRealTime));
  size_t dropped = 0;
  fixture.queue.Discard(SignalSet::Of(kRealTime), [&](QueuedSignal&) { ++dropped; });
  EXPECT_EQ(dropped, 2u);
  EXPECT_TRUE(fixture.queue.pending() == SignalSet::Of(Signal::kStop));
  EXPECT_EQ(fixture.queue.Take(Signal::kStop), &fixture.entries[1]);
}

TEST(SignalQueue, WhichComesFirst) {
  struct Case {
    SignalSet pending;
    std::optional<Signal> first;
  };
  const std::array<Case, 4> cases = {{
      {SignalSet(), std::nullopt},
      {SignalSet::Of(Signal::kTerminate, Signal::kHangUp), Signal::kHangUp},
      {SignalSet::Of(Signal::kHangUp, Signal::kSegmentationFault), Signal::kSegmentationFault},
      {SignalSet::Of(kRealTime, Signal::kChild), Signal::kChild},
  }};
  for (const Case& one : cases) EXPECT_TRUE(SignalQueue::NextOf(one.pending) == one.first);
}

}  // namespace
