#include "kernel/posix/signal.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "testing/unit/test.h"

namespace {

using posix::DefaultAction;
using posix::Signal;
using posix::SignalSet;

TEST(Signal, NumbersOfSignals) {
  EXPECT_FALSE(posix::SignalOf(0).has_value());
  EXPECT_FALSE(posix::SignalOf(65).has_value());
  EXPECT_TRUE(posix::SignalOf(64) == Signal::kLast);
  EXPECT_TRUE(posix::SignalOf(11) == Signal::kSegmentationFault);
}

TEST(Signal, SetsAreBits) {
  SignalSet set = SignalSet::Of(Signal::kHangUp, Signal::kLast, Signal::kKill);
  EXPECT_EQ(set.bits(), 0x8000'0000'0000'0101u);
  EXPECT_TRUE(set.first() == Signal::kHangUp);
  set.Remove(Signal::kHangUp);
  EXPECT_TRUE(set.first() == Signal::kKill);
  EXPECT_TRUE(Without(set, posix::kUnblockable) == SignalSet::Of(Signal::kLast));
  EXPECT_FALSE(set.Has(Signal::kStop));
}

TEST(Signal, DefaultActions) {
  struct Case {
    Signal signal;
    DefaultAction action;
  };
  const std::array<Case, 8> cases = {{
      {Signal::kTerminate, DefaultAction::kTerminate},
      {Signal::kSegmentationFault, DefaultAction::kTerminate},
      {Signal::kLast, DefaultAction::kTerminate},
      {Signal::kChild, DefaultAction::kIgnore},
      {Signal::kWindowSize, DefaultAction::kIgnore},
      {Signal::kTerminalInput, DefaultAction::kStop},
      {Signal::kStop, DefaultAction::kStop},
      {Signal::kContinue, DefaultAction::kContinue},
  }};
  for (const Case& one : cases) EXPECT_TRUE(posix::DefaultActionOf(one.signal) == one.action);
}

// Of signal.h and siginfo_t on both machines: where the union begins, and what is in it.
TEST(Signal, InformationLiesAsProgramsExpect) {
  EXPECT_EQ(offsetof(posix::SignalInformationOf<uint64_t>, process), 16u);
  EXPECT_EQ(offsetof(posix::SignalInformationOf<uint32_t>, process), 12u);
  EXPECT_EQ(offsetof(posix::SignalInformationOf<uint64_t>::ByProcess, value), 8u);
  EXPECT_EQ(offsetof(posix::SignalInformationOf<uint64_t>::ByTimer, value), 8u);
}

TEST(Signal, MasksOfActions) {
  posix::SignalAction action;
  action.SetMask(SignalSet(0x1234'5678'9abc'def0));
  EXPECT_EQ(action.mask_low, 0x9abc'def0u);
  EXPECT_EQ(action.mask().bits(), 0x1234'5678'9abc'def0u);
  action.flags = 0x1000'0000;
  EXPECT_TRUE(action.Has(posix::ActionFlag::kRestart));
  EXPECT_FALSE(action.Has(posix::ActionFlag::kNoDefer));
}

}  // namespace
