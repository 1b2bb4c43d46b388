#include "kernel/process/interrupt_lines.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>

#include "gtest/gtest.h"
#include "kernel/posix/errno.h"

namespace process {
namespace {

using posix::Errno;

// Twenty-four lines, as a PC has.
class FakeController final : public InterruptController {
 public:
  static constexpr size_t kLines = 24;
  enum class State : uint8_t { kClosed, kOpen, kMasked };

  [[nodiscard]] size_t LineCount() const override { return kLines; }
  void Open(uint32_t line, Trigger trigger) override {
    EXPECT_EQ(states_.at(line), State::kClosed);
    states_[line] = State::kOpen;
    triggers_[line] = trigger;
  }
  void Close(uint32_t line) override {
    EXPECT_NE(states_.at(line), State::kClosed);
    states_[line] = State::kClosed;
  }
  void Unmask(uint32_t line) override {
    EXPECT_EQ(states_.at(line), State::kMasked);
    states_[line] = State::kOpen;
    if (again_ == line) {
      again_.reset();
      Raise(*lines_, line);
    }
  }

  // The device interrupts; nothing happens while the line is masked or closed.
  void Raise(InterruptLines& lines, uint32_t line) {
    if (states_.at(line) != State::kOpen) return;
    states_[line] = State::kMasked;
    lines.OnInterrupt(line);
  }
  // And once more as soon as it can.
  void RaiseWhenUnmasked(InterruptLines& lines, uint32_t line) {
    lines_ = &lines;
    again_ = line;
  }

  [[nodiscard]] State state(uint32_t line) const { return states_.at(line); }
  [[nodiscard]] Trigger trigger(uint32_t line) const { return triggers_.at(line); }

 private:
  std::array<State, kLines> states_{};
  std::array<Trigger, kLines> triggers_{};
  InterruptLines* lines_ = nullptr;
  std::optional<uint32_t> again_;
};

using Line = FakeController::State;

struct InterruptLinesTest : testing::Test {
  void TearDown() override { EXPECT_TRUE(lines.CheckInvariants()); }

  posix::Result<> Attach(uint32_t line, uintptr_t handler, Trigger trigger = Trigger::kLevel) {
    auto result = lines.Attach(line, trigger, {handler, 1});
    EXPECT_TRUE(lines.CheckInvariants());
    return result;
  }
  posix::Result<> Detach(uint32_t line, uintptr_t handler) {
    auto result = lines.Detach(line, {handler, 1});
    EXPECT_TRUE(lines.CheckInvariants());
    return result;
  }
  void Raise(uint32_t line) {
    controller.Raise(lines, line);
    EXPECT_TRUE(lines.CheckInvariants());
  }

  FakeController controller;
  InterruptLines lines{controller};
};

TEST_F(InterruptLinesTest, ALineIsOpenWhileItHasHandlers) {
  ASSERT_TRUE(Attach(4, 0x100, Trigger::kEdge));
  EXPECT_EQ(controller.state(4), Line::kOpen);
  EXPECT_EQ(controller.trigger(4), Trigger::kEdge);
  ASSERT_TRUE(Attach(4, 0x200, Trigger::kEdge));
  EXPECT_EQ(lines.HandlerCount(4), 2u);
  EXPECT_EQ(lines.HandlerCount(~uint32_t{0}), 0u);
  ASSERT_TRUE(Detach(4, 0x100));
  EXPECT_EQ(controller.state(4), Line::kOpen);
  EXPECT_EQ(lines.RoutesOf(4)[0], (InterruptRoute{0x200, 1})) << "the rest moves up";
  EXPECT_EQ(lines.RoutesOf(4)[1], InterruptRoute{});
  ASSERT_TRUE(Detach(4, 0x200));
  EXPECT_EQ(controller.state(4), Line::kClosed);
  ASSERT_TRUE(Attach(4, 0x300, Trigger::kLevel)) << "nobody's trigger counts any more";
}

TEST_F(InterruptLinesTest, RefusesWhatItCannotAttach) {
  ASSERT_TRUE(Attach(5, 0x100));
  struct Row {
    const char* what;
    uint32_t line;
    Trigger trigger;
    uintptr_t handler;
    Errno error;
  };
  const Row rows[] = {
      {"beyond the machine's lines", FakeController::kLines, Trigger::kLevel, 1, Errno::kInvalid},
      {"beyond the table", ~uint32_t{0}, Trigger::kLevel, 1, Errno::kInvalid},
      {"no handler", 6, Trigger::kLevel, 0, Errno::kInvalid},
      {"a trigger that is none", 6, Trigger{2}, 1, Errno::kInvalid},
      {"another trigger", 5, Trigger::kEdge, 1, Errno::kInvalid},
      {"what is there", 5, Trigger::kLevel, 0x100, Errno::kExists},
  };
  for (const Row& row : rows) {
    const auto attached = Attach(row.line, row.handler, row.trigger);
    ASSERT_FALSE(attached) << row.what;
    EXPECT_EQ(attached.error(), row.error) << row.what;
  }
  for (uintptr_t handler = 1; handler < InterruptLines::kRoutesPerLine; ++handler) {
    ASSERT_TRUE(Attach(5, handler));
  }
  EXPECT_EQ(Attach(5, 0x900).error(), Errno::kNoSpace);
  EXPECT_EQ(Detach(5, 0x900).error(), Errno::kNoEntry);
  EXPECT_EQ(Detach(6, 0x100).error(), Errno::kNoEntry);
  EXPECT_EQ(Detach(~uint32_t{0}, 0x100).error(), Errno::kNoEntry);
}

TEST_F(InterruptLinesTest, IsMaskedUntilItIsAcknowledged) {
  ASSERT_TRUE(Attach(11, 0x100));
  EXPECT_EQ(lines.TakeRaised(), std::nullopt);
  EXPECT_EQ(lines.Acknowledge(11).error(), Errno::kNoEntry);
  for (int storm = 0; storm < 1000; ++storm) Raise(11);
  EXPECT_EQ(lines.Acknowledge(11).error(), Errno::kNoEntry) << "nobody has been told";
  EXPECT_EQ(lines.TakeRaised(), 11u);
  EXPECT_EQ(lines.TakeRaised(), std::nullopt) << "one message";
  for (int storm = 0; storm < 1000; ++storm) Raise(11);
  EXPECT_EQ(lines.TakeRaised(), std::nullopt);
  EXPECT_EQ(controller.state(11), Line::kMasked);
  ASSERT_TRUE(lines.Acknowledge(11));
  EXPECT_EQ(controller.state(11), Line::kOpen);
  EXPECT_EQ(lines.Acknowledge(11).error(), Errno::kNoEntry);
  EXPECT_EQ(lines.Acknowledge(~uint32_t{0}).error(), Errno::kNoEntry);
}

TEST_F(InterruptLinesTest, MayInterruptWhileItIsUnmasked) {
  ASSERT_TRUE(Attach(1, 0x100));
  Raise(1);
  EXPECT_EQ(lines.TakeRaised(), 1u);
  controller.RaiseWhenUnmasked(lines, 1);
  ASSERT_TRUE(lines.Acknowledge(1));
  EXPECT_EQ(controller.state(1), Line::kMasked);
  EXPECT_EQ(lines.TakeRaised(), 1u);
}

TEST_F(InterruptLinesTest, ANewReceiverIsToldAgain) {
  for (const uint32_t line : {3u, 7u, 9u}) {
    ASSERT_TRUE(Attach(line, 0x100));
    Raise(line);
  }
  EXPECT_EQ(lines.TakeRaised(), 3u);
  EXPECT_EQ(lines.TakeRaised(), 7u);
  ASSERT_TRUE(lines.Acknowledge(3));
  lines.ForgetMessages();
  EXPECT_TRUE(lines.CheckInvariants());
  EXPECT_EQ(lines.TakeRaised(), 7u);
  EXPECT_EQ(lines.TakeRaised(), 9u);
  EXPECT_EQ(lines.TakeRaised(), std::nullopt);
}

TEST_F(InterruptLinesTest, NothingIsLeftOfALineThatIsDetached) {
  ASSERT_TRUE(Attach(3, 0x100));
  Raise(3);
  ASSERT_TRUE(Detach(3, 0x100));
  EXPECT_EQ(lines.TakeRaised(), std::nullopt);
  ASSERT_TRUE(Attach(3, 0x100));
  Raise(3);
  EXPECT_EQ(lines.TakeRaised(), 3u);
  ASSERT_TRUE(Detach(3, 0x100));
  EXPECT_EQ(lines.Acknowledge(3).error(), Errno::kNoEntry);
}

TEST(InterruptLines, ClosesAllAtItsEnd) {
  FakeController controller;
  {
    InterruptLines lines(controller);
    for (const uint32_t line : {0u, 8u, 23u}) {
      ASSERT_TRUE(lines.Attach(line, Trigger::kEdge, {1, 2}));
      controller.Raise(lines, line);
    }
    EXPECT_EQ(lines.TakeRaised(), 0u);
  }
  for (const uint32_t line : {0u, 8u, 23u}) EXPECT_EQ(controller.state(line), Line::kClosed);
}

// Whatever order things happen in: a line's device is never forgotten, and never told of twice.
TEST(InterruptLines, Random) {
  constexpr unsigned kSeed = 20'261;
  constexpr int kSteps = 20'000;
  constexpr uint32_t kLines = 4;
  std::mt19937 random(kSeed);
  FakeController controller;
  InterruptLines lines(controller);
  std::array<size_t, kLines> handlers{};
  std::array<bool, kLines> sent{};
  for (int step = 0; step < kSteps; ++step) {
    const uint32_t line = random() % kLines;
    const uintptr_t handler = 1 + random() % InterruptLines::kRoutesPerLine;
    switch (random() % 5) {
      case 0:
        if (lines.Attach(line, Trigger::kLevel, {handler, line})) ++handlers[line];
        break;
      case 1:
        if (lines.Detach(line, {handler, line}) && --handlers[line] == 0) sent[line] = false;
        break;
      case 2:
        controller.Raise(lines, line);
        break;
      case 3:
        if (const auto raised = lines.TakeRaised()) {
          EXPECT_FALSE(sent.at(*raised));
          sent.at(*raised) = true;
        }
        break;
      default:
        EXPECT_EQ(lines.Acknowledge(line).has_value(), sent[line]);
        sent[line] = false;
    }
    ASSERT_TRUE(lines.CheckInvariants()) << "step " << step;
    ASSERT_EQ(controller.state(line) == Line::kClosed, handlers[line] == 0) << "step " << step;
  }
}

}  // namespace
}  // namespace process
