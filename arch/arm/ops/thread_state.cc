#include "arch/ops/thread_state.h"

#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/floating_point.h"
#include "arch/ops/shared_state.h"
#include "arch/ops/stacks.h"

extern "C" {
// Where the kernel has TPIDRURO for itself, vectors.S takes user mode's from here.
constinit uint32_t arm_user_thread_pointer = 0;

// In switch_stack.S: keeps what a function may not change on the stack, whose pointer goes to
// `from`, and takes it from the stack at `to`.
void ArmSwitchStack(uint32_t& from, uint32_t to);

// In vectors.S: to user mode with the registers at the stack pointer.
void ArmReturnToUser();
}

namespace arch {
namespace {

// What ArmSwitchStack leaves on a stack.
struct SwitchFrame {
  uint32_t registers[9];  // r3 to r11
  uint32_t return_address;
};

// Below the registers of a thread that has never run.
struct FirstFrame {
  SwitchFrame frame;
  UserRegisters registers;
};
static_assert(sizeof(FirstFrame) == sizeof(SwitchFrame) + sizeof(UserRegisters));
static_assert(sizeof(FirstFrame) % 8 == 0);  // AAPCS 5.2.1.2

// Nobody until there has been a switch: whoever runs has no user mode then.
constinit const ThreadState* running = nullptr;

template <class T>
T& TopOf(const mm::VirtRange& stack) {
  return *(reinterpret_cast<T*>(static_cast<uintptr_t>(stack.last().value) + 1) - 1);
}

void SetLiveThreadPointer(uint32_t value) {
  if constexpr (arm::kKernelUsesThreadPointer) {
    arm_user_thread_pointer = value;
  } else {
    arm::WriteThreadPointer(value);
  }
}

}  // namespace

UserRegisters& RegistersOf(const mm::VirtRange& kernel_stack) {
  return TopOf<UserRegisters>(kernel_stack);
}

void PrepareThread(ThreadState& state, const mm::VirtRange& kernel_stack,
                   const UserRegisters& registers) {
  auto& top = TopOf<FirstFrame>(kernel_stack);
  top = {
      .frame = {.registers = {}, .return_address = reinterpret_cast<uintptr_t>(&ArmReturnToUser)},
      .registers = registers};
  state = {};
  state.kernel_stack_pointer = reinterpret_cast<uintptr_t>(&top);
}

void SwitchThread(ThreadState& from, ThreadState& to, const mm::VirtRange& to_stack) {
  ArmStoreFloatingPoint(from.floating_point);
  from.own_thread_register = arm::ReadUserThreadRegister();
  running = &to;
  arm::SetThreadStack(to_stack);
  ArmLoadFloatingPoint(to.floating_point);
  arm::WriteUserThreadRegister(to.own_thread_register);
  SetLiveThreadPointer(to.thread_pointer);
  ArmSwitchStack(from.kernel_stack_pointer, to.kernel_stack_pointer);
}

bool SetThreadPointer(ThreadState& state, uintptr_t value) {
  state.thread_pointer = value;
  if (&state == running) SetLiveThreadPointer(value);
  return true;
}

uintptr_t ThreadPointer(const ThreadState& state) { return state.thread_pointer; }

void CopyFloatState(const ThreadState& from, ThreadState& to) {
  if (&from == running) {
    ArmStoreFloatingPoint(to.floating_point);
  } else {
    to.floating_point = from.floating_point;
  }
}

void ResetFloatState(ThreadState& state) {
  state.floating_point = {};
  if (&state == running) ArmLoadFloatingPoint(state.floating_point);
}

}  // namespace arch
