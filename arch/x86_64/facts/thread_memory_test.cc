// Threads' memory in the page tables of x86_64; see kernel/mm/space/thread_memory_trial.h.
#include "kernel/mm/space/thread_memory.h"

#include "arch/x86_64/facts/user_pages_machine.h"
#include "kernel/mm/space/thread_memory_trial.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

TEST(X86ThreadMemory, OneRootEntryForAll) { EXPECT_EQ(mm::TryThreadMemory<NarrowMachine>(), 0u); }

TEST(X86ThreadMemory, KernelInItsHalf) { EXPECT_EQ(mm::TryThreadMemory<HalvesMachine>(), 0u); }

TEST(X86ThreadMemory, KernelAtTheTopOfFiveLevels) {
  EXPECT_EQ(mm::TryThreadMemory<DeepMachine>(), 0u);
}

}  // namespace
}  // namespace arch::x86_64
