#include "arch/arm/devices/gic.h"

#include <gtest/gtest.h>

#include "arch/arm/devices/fake_registers.h"

namespace arch::arm {
namespace {

// Offsets of ARM IHI 0048B, tables 4-1 and 4-2.
constexpr size_t kDistributorControl = 0x000;
constexpr size_t kDistributorType = 0x004;
constexpr size_t kSetEnable = 0x100;
constexpr size_t kClearEnable = 0x180;
constexpr size_t kPriority = 0x400;
constexpr size_t kTargets = 0x800;
constexpr size_t kConfiguration = 0xC00;
constexpr size_t kInterfaceControl = 0x000;
constexpr size_t kPriorityMask = 0x004;
constexpr size_t kAcknowledge = 0x00C;
constexpr size_t kEndOfInterrupt = 0x010;

struct GicTest : testing::Test {
  FakeRegisters distributor;
  FakeRegisters cpu_interface;
  Gic gic{distributor.mmio(), cpu_interface.mmio()};
};

TEST_F(GicTest, StartsWithEverythingDisabled) {
  distributor[kDistributorType] = 0x2;  // 96 interrupts: three words
  gic.Initialize();
  EXPECT_EQ(distributor[kClearEnable + 8], 0xFFFF'FFFFu);
  EXPECT_EQ(distributor[kClearEnable + 12], 0u) << "beyond the implemented ones";
  EXPECT_EQ(distributor[kDistributorControl], 1u);
  EXPECT_EQ(cpu_interface[kPriorityMask], 0xFFu);
  EXPECT_EQ(cpu_interface[kInterfaceControl], 1u);
}

TEST_F(GicTest, EnablesAPrivateInterrupt) {
  gic.Enable(27);
  EXPECT_EQ(distributor[kSetEnable], 0x0800'0000u);
  EXPECT_EQ(distributor[kPriority + 24], 0xA000'0000u);
  EXPECT_EQ(distributor[kTargets + 24], 0u) << "private ones have no target";
}

TEST_F(GicTest, RoutesASharedInterruptToThisProcessor) {
  distributor[kTargets] = 0x0404'0404;       // processor 2 asks
  distributor[kTargets + 32] = 0x1111'1111;  // interrupts 32 to 35
  gic.Enable(33);
  EXPECT_EQ(distributor[kSetEnable + 4], 0x0000'0002u);
  EXPECT_EQ(distributor[kPriority + 32], 0x0000'A000u);
  EXPECT_EQ(distributor[kTargets + 32], 0x1111'0411u) << "the neighbours keep theirs";
}

TEST_F(GicTest, DisablesASharedInterrupt) {
  gic.Disable(79);
  EXPECT_EQ(distributor[kClearEnable + 8], 0x0000'8000u);
  gic.EnableAgain(79);
  EXPECT_EQ(distributor[kSetEnable + 8], 0x0000'8000u);
}

TEST_F(GicTest, SetsTriggers) {
  distributor[kConfiguration + 8] = 0x5555'5555;  // interrupts 32 to 47
  gic.SetTrigger(34, GicTrigger::kEdge);
  EXPECT_EQ(distributor[kConfiguration + 8], 0x5555'5575u);
  gic.SetTrigger(47, GicTrigger::kEdge);
  EXPECT_EQ(distributor[kConfiguration + 8], 0xD555'5575u);
  gic.SetTrigger(34, GicTrigger::kLevel);
  EXPECT_EQ(distributor[kConfiguration + 8], 0xD555'5555u);
}

TEST_F(GicTest, TellsWhatBecomesOfASharedInterrupt) {
  distributor[kSetEnable + 8] = 0x0000'8000;
  EXPECT_TRUE(gic.IsEnabled(79));
  EXPECT_FALSE(gic.IsEnabled(78));
  distributor[kConfiguration + 8] = 0x5555'5575;
  EXPECT_EQ(gic.TriggerOf(34), GicTrigger::kEdge);
  EXPECT_EQ(gic.TriggerOf(35), GicTrigger::kLevel);
}

TEST_F(GicTest, CountsInterrupts) {
  distributor[kDistributorType] = 0xFFFF'FFE8;  // 4.3.2: bits 4:0
  EXPECT_EQ(gic.InterruptCount(), 288u);
}

TEST_F(GicTest, FinishesWhatItAcknowledged) {
  cpu_interface[kAcknowledge] = 0x0C21;  // from processor 3, interrupt 33
  const uint32_t acknowledged = gic.Acknowledge();
  EXPECT_EQ(Gic::InterruptOf(acknowledged), 33u);
  gic.Finish(acknowledged);
  EXPECT_EQ(cpu_interface[kEndOfInterrupt], 0x0C21u);
}

TEST(Gic, KnowsSpuriousInterrupts) {
  EXPECT_FALSE(Gic::IsSpurious(1019));
  EXPECT_TRUE(Gic::IsSpurious(1020));
  EXPECT_TRUE(Gic::IsSpurious(1023));
}

}  // namespace
}  // namespace arch::arm
