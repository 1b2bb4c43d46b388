// Signal frames: user mode's registers on the user's stack, and back.
#include "arch/x86_64/facts/signal_frame.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "arch/ops/float_state.h"
#include "arch/ops/thread_state.h"
#include "arch/ops/user_copy.h"
#include "arch/ops/user_mode.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/facts/exceptions.h"
#include "arch/x86_64/facts/registers.h"
#include "kernel/space/user_range.h"

namespace arch {
namespace {

using namespace arch::x86_64;

// Flags that are the program's business.
constexpr uint64_t kUserFlags = rflags::kCarry | rflags::kParity | rflags::kAuxiliaryCarry |
                                rflags::kZero | rflags::kSign | rflags::kTrap | rflags::kDirection |
                                rflags::kOverflow | rflags::kResume | rflags::kAlignmentCheck;

// What a function may not find set when it is called, or what would stop it at once.
constexpr uint64_t kClearedForHandler = rflags::kDirection | rflags::kTrap | rflags::kResume;

using MagicBehind = uint32_t;

bool HasXsave() { return FloatComponents() != 0; }

// Of the floating point on the user's stack.
size_t FloatFrameBytes() { return FloatBytes() + (HasXsave() ? sizeof(MagicBehind) : 0); }

[[nodiscard]] bool CopyOut(uint64_t to, const void* from, size_t bytes) {
  const mm::VirtAddr va{to};
  return kernel::IsUserRange({va, bytes}) && CopyToUser(va, from, bytes) == 0;
}
[[nodiscard]] bool CopyIn(void* to, uint64_t from, size_t bytes) {
  const mm::VirtAddr va{from};
  return kernel::IsUserRange({va, bytes}) && CopyFromUser(to, va, bytes) == 0;
}

FxsaveArea& LegacyOf(ThreadState& state) {
  return *reinterpret_cast<FxsaveArea*>(state.floating_point.data());
}

[[nodiscard]] bool PushFloat(ThreadState& state, uint64_t to) {
  SaveRunningFloat(state);
  XsaveFacts facts = {};
  if (HasXsave()) {
    facts = {.magic = kXsaveMagic,
             .bytes_with_magic = static_cast<uint32_t>(FloatFrameBytes()),
             .components = FloatComponents(),
             .bytes = static_cast<uint32_t>(FloatBytes()),
             .padding = {}};
  }
  std::memcpy(LegacyOf(state).for_software.data(), &facts, sizeof(facts));
  if (!CopyOut(to, state.floating_point.data(), FloatBytes())) return false;
  return !HasXsave() || CopyOut(to + FloatBytes(), &kXsaveMagicBehind, sizeof(MagicBehind));
}

// Whether what follows at `from` is ours as a whole: programs also make frames of 512 bytes.
[[nodiscard]] bool HasComponents(const FxsaveArea& legacy, uint64_t from) {
  XsaveFacts facts;
  std::memcpy(&facts, legacy.for_software.data(), sizeof(facts));
  MagicBehind behind;
  return HasXsave() && facts.magic == kXsaveMagic && facts.bytes == FloatBytes() &&
         CopyIn(&behind, from + FloatBytes(), sizeof(behind)) && behind == kXsaveMagicBehind;
}

[[nodiscard]] bool PopFloat(ThreadState& state, uint64_t from) {
  ClearFloat(state.floating_point);
  if (from != 0) {
    FxsaveArea& legacy = LegacyOf(state);
    if (!CopyIn(&legacy, from, sizeof(legacy))) return false;
    if (HasComponents(legacy, from)) {
      if (!CopyIn(state.floating_point.data(), from, FloatBytes())) return false;
    } else if (HasXsave()) {
      auto& header = *reinterpret_cast<XsaveHeader*>(&legacy + 1);
      header.components = xcr0::kX87 | xcr0::kSse;
    }
    MakeHarmless(state.floating_point);
  }
  LoadRunningFloat(state);
  return true;
}

SignalContext ContextOf(const UserRegisters& registers, const SignalDelivery& delivery,
                        uint64_t float_state) {
  const bool by_exception = registers.vector < kExceptionVectorCount;
  return {.r8 = registers.r8,
          .r9 = registers.r9,
          .r10 = registers.r10,
          .r11 = registers.r11,
          .r12 = registers.r12,
          .r13 = registers.r13,
          .r14 = registers.r14,
          .r15 = registers.r15,
          .rdi = registers.rdi,
          .rsi = registers.rsi,
          .rbp = registers.rbp,
          .rbx = registers.rbx,
          .rdx = registers.rdx,
          .rax = registers.rax,
          .rcx = registers.rcx,
          .rsp = registers.rsp,
          .rip = registers.rip,
          .rflags = registers.rflags,
          .cs = kUserCodeSelector,
          .gs = 0,
          .fs = 0,
          .ss = kUserDataSelector,
          .error_code = by_exception ? registers.error_code : 0,
          .vector = by_exception ? registers.vector : 0,
          .old_mask = delivery.blocked,
          .cr2 = delivery.fault_va.value,
          .float_state = float_state,
          .reserved = {}};
}

SignalFrame FrameOf(const UserRegisters& registers, const SignalDelivery& delivery,
                    uint64_t float_state) {
  const mm::VirtRange& alternate = delivery.alternate_stack;
  SignalFrame frame = {
      .return_address = delivery.restorer.value,
      .context = {.flags = kContextHasStackSelector | kContextRestoresStackSelector |
                           (HasXsave() ? kContextHasXsave : 0),
                  .link = 0,
                  .stack = {.base = alternate.base.value,
                            .flags = delivery.alternate_stack_flags,
                            .padding = 0,
                            .size_bytes = alternate.size_bytes},
                  .registers = ContextOf(registers, delivery, float_state),
                  .mask = delivery.blocked},
      .info = {}};
  std::ranges::copy(delivery.info, frame.info.begin());
  return frame;
}

void TakeRegisters(UserRegisters& registers, const SignalContext& context) {
  registers = {.r15 = context.r15,
               .r14 = context.r14,
               .r13 = context.r13,
               .r12 = context.r12,
               .r11 = context.r11,
               .r10 = context.r10,
               .r9 = context.r9,
               .r8 = context.r8,
               .rbp = context.rbp,
               .rdi = context.rdi,
               .rsi = context.rsi,
               .rdx = context.rdx,
               .rcx = context.rcx,
               .rbx = context.rbx,
               .rax = context.rax,
               .vector = kEntryForgotten,
               .error_code = 0,
               .rip = context.rip,
               .cs = kUserCodeSelector,
               .rflags = (registers.rflags & ~kUserFlags) | (context.rflags & kUserFlags),
               .rsp = context.rsp,
               .ss = kUserDataSelector};
}

}  // namespace

bool PushSignalFrame(UserRegisters& registers, ThreadState& state, const SignalDelivery& delivery) {
  const bool same_stack = delivery.stack_pointer == StackPointer(registers);
  const SignalFramePlace place = PlaceSignalFrame(
      delivery.stack_pointer.value - (same_stack ? kRedZoneBytes : 0), FloatFrameBytes());
  const SignalFrame frame = FrameOf(registers, delivery, place.float_state);
  if (!PushFloat(state, place.float_state)) return false;
  if (!CopyOut(place.frame, &frame, sizeof(frame))) return false;

  // A handler begins as a program does.
  ResetFloatState(state);
  registers.vector = kEntryForgotten;
  registers.rax = 0;  // no vector registers hold arguments, should it be variadic
  registers.rdi = delivery.signal;
  registers.rsi = place.frame + offsetof(SignalFrame, info);
  registers.rdx = place.frame + offsetof(SignalFrame, context);
  registers.rip = delivery.handler.value;
  registers.rsp = place.frame;
  registers.rflags &= ~kClearedForHandler;
  return true;
}

bool PopSignalFrame(UserRegisters& registers, ThreadState& state, SignalFrameKind,
                    uint64_t& blocked) {
  // The handler's return has taken the return address.
  UserContext context;
  if (!CopyIn(&context, registers.rsp, sizeof(context))) return false;
  const SignalContext& saved = context.registers;
  if (saved.cs != kUserCodeSelector || saved.ss != kUserDataSelector) return false;
  if (!PopFloat(state, saved.float_state)) return false;
  // An address that is not the user's is found out on the way back to it (user_entry.S).
  TakeRegisters(registers, saved);
  blocked = context.mask;
  return true;
}

}  // namespace arch
