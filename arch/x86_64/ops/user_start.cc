#include "arch/ops/user_start.h"

#include "arch/ops/control_registers.h"
#include "arch/ops/float_state.h"
#include "arch/ops/user_access.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/facts/registers.h"
#include "kernel/base/bits.h"

extern "C" {
constinit uint64_t arch_last_user_address = 0;
extern const char system_call_entry[];
}

namespace arch {
namespace {

using namespace arch::x86_64;

// As in user_entry.S.
static_assert(kUserDataSelector == 0x2b && kUserCodeSelector == 0x33);
// What SYSCALL clears: interrupts, what would change the meaning of the kernel's instructions, and
// what opens user pages.
constexpr uint64_t kClearedBySystemCall = rflags::kInterruptEnable | rflags::kTrap |
                                          rflags::kDirection | rflags::kPortPrivilege |
                                          rflags::kNestedTask | rflags::kAlignmentCheck;

// Intel SDM vol. 1 3.3.7.1: 48 bits of addresses with four levels of tables, 57 with five.
constexpr unsigned kFourLevelBits = 48;
constexpr unsigned kFiveLevelBits = 57;

void StartSystemCalls() {
  WriteMsr(msr::kSystemCallSelectors, kSystemCallSelectors);
  WriteMsr(msr::kSystemCallEntry, reinterpret_cast<uint64_t>(system_call_entry));
  WriteMsr(msr::kSystemCallMask, kClearedBySystemCall);
  WriteMsr(efer::kIndex, ReadMsr(efer::kIndex) | efer::kSystemCall);
  // Without a selector SYSENTER raises #GP (SDM vol. 2B, SYSENTER).
  if ((Cpuid(cpuid::kFeatureLeaf).edx & cpuid::feature_edx::kSysenter) != 0) {
    WriteMsr(msr::kSysenterCodeSelector, 0);
  }
}

}  // namespace

void StartUserMode() {
  const uint64_t controls =
      ReadCr4() & ~(cr4::kTimeStampDisable | cr4::kPerformanceCounters | cr4::kFsGsBase);
  WriteCr4(controls);
  const bool five_levels = (controls & cr4::kFiveLevelPaging) != 0;
  arch_last_user_address = base::LowBits((five_levels ? kFiveLevelBits : kFourLevelBits) - 1);
  has_smap = (controls & cr4::kSupervisorAccessPrevention) != 0;
  StartSystemCalls();
  StartFloat();
}

}  // namespace arch
