#include "arch/ops/interrupts.h"

#include <array>
#include <cstddef>
#include <optional>

#include "arch/ops/control_registers.h"
#include "arch/ops/interrupt_lines.h"
#include "arch/ops/local_apic.h"
#include "arch/ops/pic.h"
#include "arch/ops/registers.h"
#include "arch/ops/segments.h"
#include "arch/ops/timer.h"
#include "arch/ops/user_access.h"
#include "arch/ops/user_mode.h"
#include "arch/ops/vectors.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/facts/exceptions.h"
#include "kernel/init/fault.h"
#include "kernel/sched/traps.h"

extern "C" {
extern const char interrupt_stubs[];
// What interrupt_entry.S and user_entry.S call.
void ArchOnInterrupt(arch::RegisterState* state);
void ArchOnUserTrap(arch::UserRegisters* registers);
}

namespace arch {
namespace {

using namespace arch::x86_64;

constexpr size_t kVectorCount = 256;
constexpr size_t kStubBytes = 16;  // as in interrupt_entry.S
static_assert(offsetof(RegisterState, rbp) == 72);
static_assert(offsetof(RegisterState, rip) == 144);
// As in user_entry.S.
static_assert(kEnteredBySystemCall == 0x100);
static_assert(offsetof(UserRegisters, r10) == 40 && offsetof(UserRegisters, r9) == 48);
static_assert(offsetof(UserRegisters, r8) == 56 && offsetof(UserRegisters, rbp) == 64);
static_assert(offsetof(UserRegisters, rdi) == 72 && offsetof(UserRegisters, rsi) == 80);
static_assert(offsetof(UserRegisters, rdx) == 88 && offsetof(UserRegisters, rax) == 112);
static_assert(offsetof(UserRegisters, vector) == 120 && offsetof(UserRegisters, rip) == 136);
static_assert(offsetof(UserRegisters, rflags) == 152 && offsetof(UserRegisters, rsp) == 160);
static_assert(offsetof(kernel::TrapHandlers, on_system_call) == 0);
static_assert(offsetof(kernel::TrapHandlers, on_return_to_user) == 24);

constinit std::array<DescriptorPair, kVectorCount> gates{};

// Exceptions that a broken stack causes, or that strike regardless of what runs, between SYSCALL
// and the switch of stacks, too. As in interrupt_entry.S.
constexpr bool NeedsOwnStack(size_t vector) {
  return vector == kNmiVector || vector == kDoubleFaultVector || vector == kMachineCheckVector;
}

constexpr GateUse UseOf(size_t vector) {
  return vector == kBreakpointVector ? GateUse::kUser : GateUse::kKernel;
}

// A page fault that cannot be delivered, since the stack has run into its guard, becomes a double
// fault. CR2 is then where the processor tried to push.
std::optional<mm::FaultInfo> StackOverflowOf(const RegisterState& state) {
  const bool at_stack_pointer = state.cr2 < state.rsp && state.rsp - state.cr2 <= mm::kPageSize;
  if (state.vector != kDoubleFaultVector || !at_stack_pointer) return std::nullopt;
  return mm::FaultInfo{.va = mm::VirtAddr{state.cr2},
                       .access = mm::AccessKind::kWrite,
                       .cause = mm::FaultCause::kNotMapped,
                       .privilege = mm::Privilege::kKernel};
}

// Whether a user copy ends short because of this exception, or goes on.
bool IsUserCopyFault(RegisterState& state) {
  if (state.vector != kPageFaultVector && state.vector != kGeneralProtectionVector) return false;
  const auto fixup = FindUserCopyFixup(state.rip);
  if (!fixup) return false;
  const bool resolved = state.vector == kPageFaultVector &&
                        kernel_trap_handlers.resolve_user_copy_fault(
                            DecodePageFault(state.error_code, mm::VirtAddr{state.cr2}));
  if (!resolved) state.rip = *fixup;
  return true;
}

[[noreturn]] void OnException(const RegisterState& state) {
  const auto vector = static_cast<uint8_t>(state.vector);
  if (vector == kPageFaultVector) {
    kernel::OnKernelFault(DecodePageFault(state.error_code, mm::VirtAddr{state.cr2}), state);
  }
  if (const auto overflow = StackOverflowOf(state)) kernel::OnKernelFault(*overflow, state);
  // An interrupt has no error code, but nobody would know which it was.
  const uint64_t code = vector < kExceptionVectorCount ? state.error_code : vector;
  kernel::OnUnexpectedException(ExceptionName(vector), code, state);
}

// Whether `vector` is a device's; then it has been handled.
bool OnDevice(uint64_t vector) {
  switch (vector) {
    case kTimerVector: {
      const uint32_t ticks = OnTimerInterrupt();
      EndOfInterrupt();
      kernel_trap_handlers.on_timer(ticks);
      return true;
    }
    case kSpuriousVector:  // not acknowledged: SDM vol. 3A 11.9
      return true;
    default:
      return OnLineInterrupt(vector);
  }
}

// Those that a program can cause.
std::optional<kernel::UserException> UserExceptionOf(uint64_t vector) {
  using enum kernel::UserException;
  switch (vector) {
    case kDivideErrorVector:
      return kDivide;
    case kDebugVector:
      return kSingleStep;
    case kBreakpointVector:
      return kBreakpoint;
    case kInvalidOpcodeVector:
      return kIllegalInstruction;
    case kSegmentNotPresentVector:
    case kStackSegmentVector:
      return kBus;
    case kGeneralProtectionVector:
      return kPrivileged;
    case kX87Vector:
    case kSimdVector:
      return kFloatingPoint;
    case kAlignmentCheckVector:
      return kAlignment;
    default:
      return std::nullopt;
  }
}

// For the kernel's last words.
RegisterState StateOf(const UserRegisters& user) {
  return {.cr2 = ReadCr2(),
          .r15 = user.r15,
          .r14 = user.r14,
          .r13 = user.r13,
          .r12 = user.r12,
          .r11 = user.r11,
          .r10 = user.r10,
          .r9 = user.r9,
          .r8 = user.r8,
          .rbp = user.rbp,
          .rdi = user.rdi,
          .rsi = user.rsi,
          .rdx = user.rdx,
          .rcx = user.rcx,
          .rbx = user.rbx,
          .rax = user.rax,
          .vector = user.vector,
          .error_code = user.error_code,
          .rip = user.rip,
          .cs = user.cs,
          .rflags = user.rflags,
          .rsp = user.rsp,
          .ss = user.ss};
}

// What faults say that know of presence and rights alone, by their error codes: nearly all.
constexpr size_t kPlainCodes = 32;
constexpr std::array<mm::FaultInfo, kPlainCodes> kPlainFaults = [] {
  std::array<mm::FaultInfo, kPlainCodes> faults{};
  for (size_t code = 0; code < kPlainCodes; ++code) faults[code] = DecodePageFault(code, {});
  return faults;
}();

mm::FaultInfo PageFaultOf(uint64_t error_code, mm::VirtAddr va) {
  if (error_code >= kPlainCodes) [[unlikely]]
    return DecodePageFault(error_code, va);
  mm::FaultInfo fault = kPlainFaults.data()[error_code];
  fault.va = va;
  return fault;
}

// Apart from page faults, which save no registers for it.
[[gnu::noinline]] void OnOtherUserTrap(UserRegisters& registers) {
  if (OnDevice(registers.vector)) return;
  const auto exception = UserExceptionOf(registers.vector);
  if (!exception) OnException(StateOf(registers));
  kernel_trap_handlers.on_user_exception(*exception, InstructionPointer(registers), registers);
}

}  // namespace

void InstallFaultHandlers() {
  LoadSegments();
  const auto stubs = reinterpret_cast<uint64_t>(interrupt_stubs);
  for (size_t vector = 0; vector < kVectorCount; ++vector) {
    gates[vector] = InterruptGate(stubs + vector * kStubBytes,
                                  NeedsOwnStack(vector) ? kFaultStackNumber : 0, UseOf(vector));
  }
  const TablePointer pointer{sizeof(gates) - 1, reinterpret_cast<uint64_t>(gates.data())};
  asm volatile("lidt %0" : : "m"(pointer));
}

base::Result<> StartInterrupts(DeviceMapper* map_device) {
  MaskPic();
  if (const auto started = StartLocalApic(map_device); !started) return started;
  if (const auto started = StartInterruptLines(map_device); !started) return started;
  return StartTimer();
}

}  // namespace arch

void ArchOnInterrupt(arch::RegisterState* state) {
  if (arch::OnDevice(state->vector) || arch::IsUserCopyFault(*state)) return;
  arch::OnException(*state);
}

void ArchOnUserTrap(arch::UserRegisters* registers) {
  using namespace arch;  // NOLINT(google-build-using-namespace)
  if (registers->vector != x86_64::kPageFaultVector) [[unlikely]]
    return OnOtherUserTrap(*registers);
  kernel_trap_handlers.on_user_fault(PageFaultOf(registers->error_code, mm::VirtAddr{ReadCr2()}),
                                     *registers);
}
