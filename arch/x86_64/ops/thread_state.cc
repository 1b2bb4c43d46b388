#include "arch/ops/thread_state.h"

#include <cstring>

#include "arch/ops/control_registers.h"
#include "arch/ops/segments.h"
#include "arch/ops/stacks.h"
#include "arch/ops/user_start.h"
#include "arch/x86_64/facts/registers.h"
#include "kernel/base/bits.h"
#include "kernel/base/check.h"

extern "C" {
void SwitchKernelStacks(uint64_t* from_stack_pointer, uint64_t to_stack_pointer);
// In user_entry.S. Not a function to be called: the registers are at the stack pointer.
extern const char return_to_user[];
}

namespace arch {
namespace {

using namespace arch::x86_64;

// What SwitchKernelStacks leaves on a stack.
struct SwitchFrame {
  uint64_t r15, r14, r13, r12, rbx, rbp;
  uint64_t return_address;
};

// Who runs: his floating point and segment bases are the processor's.
constinit ThreadState* running = nullptr;

FloatArea FloatOf(ThreadState& state) { return state.floating_point; }

// What user mode put into its selectors is nobody else's to see, and no part of a thread: it may
// load nothing there but 0 and its data segment, which mean the same.
void ClearSelectors() {
  uint16_t ds;
  uint16_t es;
  uint16_t fs;
  uint16_t gs;
  asm volatile("movw %%ds, %0; movw %%es, %1; movw %%fs, %2; movw %%gs, %3"
               : "=r"(ds), "=r"(es), "=r"(fs), "=r"(gs));
  if ((ds | es | fs | gs) == 0) return;
  asm volatile("movw %w0, %%ds; movw %w0, %%es; movw %w0, %%fs; movw %w0, %%gs" : : "r"(0));
}

// Also undoes what a selector did to a base.
void LoadSegmentBases(const ThreadState& state) {
  ClearSelectors();
  WriteMsr(msr::kFsBase, state.fs_base);
  WriteMsr(msr::kGsBase, state.gs_base);
}

}  // namespace

UserRegisters& RegistersOf(const mm::VirtRange& kernel_stack) {
  constexpr uint64_t kAlignment = 16;
  CHECK(base::IsAligned(kernel_stack.last().value + 1, kAlignment));
  const mm::VirtAddr va = kernel_stack.last() - (sizeof(UserRegisters) - 1);
  return *static_cast<UserRegisters*>(mm::PointerTo(va));
}

void PrepareThread(ThreadState& state, const mm::VirtRange& kernel_stack,
                   const UserRegisters& registers) {
  UserRegisters& saved = RegistersOf(kernel_stack);
  saved = registers;
  const mm::VirtAddr frame_va = mm::AddressOf(&saved) - sizeof(SwitchFrame);
  *static_cast<SwitchFrame*>(mm::PointerTo(frame_va)) = {
      .r15 = 0,
      .r14 = 0,
      .r13 = 0,
      .r12 = 0,
      .rbx = 0,
      .rbp = 0,  // the end of every backtrace
      .return_address = reinterpret_cast<uint64_t>(return_to_user)};
  ClearFloat(FloatOf(state));
  state.kernel_stack_pointer = frame_va.value;
  state.fs_base = 0;
  state.gs_base = 0;
}

void SwitchThread(ThreadState& from, ThreadState& to, const mm::VirtRange& to_stack) {
  SaveFloat(FloatOf(from));
  running = &to;
  SetEntryStack(to_stack.last());
  SetThreadStack(to_stack);
  LoadFloat(FloatOf(to));
  LoadSegmentBases(to);
  SwitchKernelStacks(&from.kernel_stack_pointer, to.kernel_stack_pointer);
}

bool SetThreadPointer(ThreadState& state, uintptr_t value) {
  if (value > arch_last_user_address) return false;
  state.fs_base = value;
  if (&state == running) WriteMsr(msr::kFsBase, value);
  return true;
}

uintptr_t ThreadPointer(const ThreadState& state) { return state.fs_base; }

bool SetGsBase(ThreadState& state, uintptr_t value) {
  if (value > arch_last_user_address) return false;
  state.gs_base = value;
  if (&state == running) WriteMsr(msr::kGsBase, value);
  return true;
}

void SaveRunningFloat(ThreadState& state) {
  if (&state == running) SaveFloat(FloatOf(state));
}

void LoadRunningFloat(const ThreadState& state) {
  if (&state == running) LoadFloat(state.floating_point);
}

void CopyFloatState(ThreadState& from, ThreadState& to) {
  SaveRunningFloat(from);
  std::memcpy(to.floating_point.data(), from.floating_point.data(), FloatBytes());
}

void ResetFloatState(ThreadState& state) {
  ClearFloat(FloatOf(state));
  LoadRunningFloat(state);
}

}  // namespace arch
