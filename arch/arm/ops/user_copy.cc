#include "arch/ops/user_copy.h"

#include <algorithm>
#include <span>

#include "arch/arm/facts/exceptions.h"
#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/user_domain.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/sched/traps.h"

extern "C" {
// In user_copy.S.
uint32_t ArmCopyFromUser(void* to, uint32_t from, uint32_t bytes);
uint32_t ArmCopyToUser(uint32_t to, const void* from, uint32_t bytes);
uint32_t ArmZeroUser(uint32_t to, uint32_t bytes);
uint32_t ArmCopyStringFromUser(char* to, uint32_t from, uint32_t room);
uint64_t ArmLoadUser(uint32_t va);
uint64_t ArmCompareExchangeUser(uint32_t va, uint32_t expected, uint32_t desired);

// As user_copy.S writes them: accesses to user memory, and where a copy goes on whose access
// cannot be made.
struct ArmUserCopyFixup {
  uint32_t first;
  uint32_t limit;
  uint32_t target;
};
extern const ArmUserCopyFixup arm_user_copy_fixups[];
extern const ArmUserCopyFixup arm_user_copy_fixups_limit[];

// From vectors.S on the copy's own stack, after an abort at `pc` in user_copy.S. Where to go on; 0
// if the access was not one to user memory.
uint32_t ArmOnUserCopyAbort(uint32_t pc);
}

namespace arch {
namespace {

constexpr uint32_t kUnreadable = ~uint32_t{0};

uint32_t Narrow(mm::VirtAddr va) { return static_cast<uint32_t>(va.value); }

// What the assembler's functions return of a word: it, and whether it could be read.
std::optional<uint32_t> WordOf(uint64_t read) {
  if (read >> 32 == 0) return std::nullopt;
  return static_cast<uint32_t>(read);
}

const ArmUserCopyFixup* FindFixup(uint32_t pc) {
  const std::span fixups(arm_user_copy_fixups, arm_user_copy_fixups_limit);
  const auto found = std::ranges::find_if(fixups, [pc](const ArmUserCopyFixup& fixup) {
    return fixup.first <= pc && pc < fixup.limit;
  });
  return found == fixups.end() ? nullptr : &*found;
}

bool Resolve() {
  const arm::UserDomainClosed closed;
  const mm::FaultInfo fault =
      arm::DecodeDataAbort(arm::ReadDfsr(), mm::VirtAddr{arm::ReadDfar()}, arm::psr::kSupervisor);
  const bool may_be_mapped =
      fault.cause == mm::FaultCause::kNotMapped || fault.cause == mm::FaultCause::kPermission;
  return may_be_mapped && kernel_trap_handlers.resolve_user_copy_fault(fault);
}

}  // namespace

size_t CopyFromUser(void* to, mm::VirtAddr from, size_t bytes) {
  const arm::UserDomainOpen open;
  return ArmCopyFromUser(to, Narrow(from), bytes);
}

size_t CopyToUser(mm::VirtAddr to, const void* from, size_t bytes) {
  const arm::UserDomainOpen open;
  return ArmCopyToUser(Narrow(to), from, bytes);
}

size_t ZeroUser(mm::VirtAddr to, size_t bytes) {
  const arm::UserDomainOpen open;
  return ArmZeroUser(Narrow(to), bytes);
}

std::optional<size_t> CopyStringFromUser(char* to, mm::VirtAddr from, size_t room) {
  const arm::UserDomainOpen open;
  const uint32_t length = ArmCopyStringFromUser(to, Narrow(from), room);
  if (length == kUnreadable) return std::nullopt;
  return length;
}

std::optional<uint32_t> LoadUser32(mm::VirtAddr va) {
  const arm::UserDomainOpen open;
  return WordOf(ArmLoadUser(Narrow(va)));
}

std::optional<uint32_t> CompareExchangeUser32(mm::VirtAddr va, uint32_t expected,
                                              uint32_t desired) {
  const arm::UserDomainOpen open;
  return WordOf(ArmCompareExchangeUser(Narrow(va), expected, desired));
}

}  // namespace arch

uint32_t ArmOnUserCopyAbort(uint32_t pc) {
  const ArmUserCopyFixup* const fixup = arch::FindFixup(pc);
  if (fixup == nullptr) return 0;
  return arch::Resolve() ? pc : fixup->target;
}
