// Threads' memory in the page tables of ARMv7-A; see kernel/mm/space/thread_memory_trial.h.
#include "kernel/mm/space/thread_memory.h"

#include "arch/arm/facts/user_pages_machine.h"
#include "kernel/mm/space/thread_memory_trial.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

TEST(ArmThreadMemory, KernelBelow) { EXPECT_EQ(mm::TryThreadMemory<BelowMachine>(), 0u); }

TEST(ArmThreadMemory, KernelAbove) { EXPECT_EQ(mm::TryThreadMemory<SharedMachine>(), 0u); }

}  // namespace
}  // namespace arch::arm
