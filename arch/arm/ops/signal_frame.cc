// Signal frames: from the registers to the user's stack and back.
#include "arch/arm/facts/signal_frame.h"

#include <algorithm>
#include <cstddef>

#include "arch/arm/ops/floating_point.h"
#include "arch/ops/thread_state.h"
#include "arch/ops/user_copy.h"
#include "arch/ops/user_mode.h"

namespace arch {
namespace {

using arm::PlainSignalFrame;
using arm::SignalContext;
using arm::SignalFrame;
using arm::UserContext;

static_assert(kSignalInfoBytes == arm::kSignalInformationBytes);

// Of a context what is more than room.
constexpr size_t kContextBytes = offsetof(UserContext, room);

constexpr size_t kLinkRegister = 14;
constexpr size_t kProgramCounter = 15;
constexpr size_t kStackPointer = 13;

uint32_t Narrow(mm::VirtAddr va) { return static_cast<uint32_t>(va.value); }

void FillContext(UserContext& context, const UserRegisters& registers, const ThreadState& state,
                 const SignalDelivery& delivery) {
  const RegisterState& saved = registers.state;
  context.flags = delivery.kind == SignalFrameKind::kPlain ? PlainSignalFrame::kFlags : 0;
  context.stack = {.pointer = Narrow(delivery.alternate_stack.base),
                   .flags = delivery.alternate_stack_flags,
                   .size_bytes = static_cast<uint32_t>(delivery.alternate_stack.size_bytes)};
  SignalContext& machine = context.machine;
  machine.old_mask = static_cast<uint32_t>(delivery.blocked);
  std::ranges::copy(saved.general, machine.registers.begin());
  machine.registers[kStackPointer] = saved.sp;
  machine.registers[kLinkRegister] = saved.lr;
  machine.registers[kProgramCounter] = saved.pc;
  machine.cpsr = saved.cpsr;
  machine.fault_address = Narrow(delivery.fault_va);
  context.blocked = delivery.blocked;
  context.vfp = {.magic = arm::VfpRecord::kMagic,
                 .size_bytes = sizeof(arm::VfpRecord),
                 .registers = state.floating_point,
                 .exceptions = {}};
}

// False: the context holds what user mode cannot have.
bool TakeContext(const UserContext& context, UserRegisters& registers) {
  const SignalContext& machine = context.machine;
  const uint32_t cpsr = arm::CleanStatus(machine.cpsr);
  if (!arm::IsUserStatus(cpsr) || !arm::IsVfpRecord(context.vfp)) return false;
  RegisterState& saved = registers.state;
  std::ranges::copy_n(machine.registers.begin(), saved.general.size(), saved.general.begin());
  saved.sp = machine.registers[kStackPointer];
  saved.lr = machine.registers[kLinkRegister];
  const uint32_t thumb = (cpsr & arm::psr::kThumb) != 0 ? 1 : 0;
  saved.pc = arm::AddressOfEntry(machine.registers[kProgramCounter] | thumb);
  saved.cpsr = cpsr;
  registers.entry = UserEntry::kOther;
  return true;
}

}  // namespace

bool PushSignalFrame(UserRegisters& registers, ThreadState& state, const SignalDelivery& delivery) {
  const bool with_info = delivery.kind == SignalFrameKind::kWithInfo;
  const uint32_t frame_bytes = with_info ? sizeof(SignalFrame) : sizeof(PlainSignalFrame);
  // An address that wraps is the kernel's, or nobody's: the copy says so.
  const uint32_t frame_va =
      (Narrow(delivery.stack_pointer) - frame_bytes) & ~(arm::kSignalFrameAlignment - 1);
  const uint32_t context_va = frame_va + (with_info ? offsetof(SignalFrame, plain) : 0);

  ArmStoreFloatingPoint(state.floating_point);
  UserContext context{};
  FillContext(context, registers, state, delivery);
  if (CopyToUser({context_va}, &context, kContextBytes) != 0) return false;
  if (with_info && CopyToUser({frame_va}, delivery.info.data(), delivery.info.size()) != 0) {
    return false;
  }

  RegisterState& saved = registers.state;
  const uint32_t handler = Narrow(delivery.handler);
  saved.general[0] = delivery.signal;
  if (with_info) {
    saved.general[1] = frame_va;
    saved.general[2] = context_va;
  }
  saved.sp = frame_va;
  saved.lr = Narrow(delivery.restorer);
  saved.cpsr = arm::StatusAtEntry(saved.cpsr, handler);
  saved.pc = arm::AddressOfEntry(handler);
  registers.entry = UserEntry::kOther;
  return true;
}

bool PopSignalFrame(UserRegisters& registers, ThreadState& state, SignalFrameKind kind,
                    uint64_t& blocked) {
  const uint32_t frame_va = registers.state.sp;
  // A handler returns with the stack as it found it.
  if (frame_va % arm::kSignalFrameAlignment != 0) return false;
  const uint32_t context_va =
      frame_va + (kind == SignalFrameKind::kWithInfo ? offsetof(SignalFrame, plain) : 0);
  UserContext context;
  if (CopyFromUser(&context, {context_va}, kContextBytes) != 0) return false;
  if (!TakeContext(context, registers)) return false;
  state.floating_point = context.vfp.registers;
  ArmLoadFloatingPoint(state.floating_point);
  blocked = context.blocked;
  return true;
}

}  // namespace arch
