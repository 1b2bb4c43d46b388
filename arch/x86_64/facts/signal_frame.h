// What Linux puts on the stack of an x86_64 program for a signal handler, at the addresses that C
// libraries, unwinders and debuggers expect: rt_sigframe, and behind it the floating point.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/x86_64/facts/float_area.h"

namespace arch::x86_64 {

// stack_t.
struct SignalStack {
  uint64_t base;
  uint32_t flags;
  uint32_t padding;
  uint64_t size_bytes;
};

// struct sigcontext: mcontext_t's gregs and fpregs.
struct SignalContext {
  uint64_t r8, r9, r10, r11, r12, r13, r14, r15;
  uint64_t rdi, rsi, rbp, rbx, rdx, rax, rcx, rsp, rip;
  uint64_t rflags;
  uint16_t cs, gs, fs, ss;
  uint64_t error_code;
  uint64_t vector;
  uint64_t old_mask;
  uint64_t cr2;
  uint64_t float_state;  // its address; 0: none
  std::array<uint64_t, 8> reserved;
};
static_assert(sizeof(SignalContext) == 256);

// ucontext_t as far as the kernel knows it.
struct UserContext {
  uint64_t flags;
  uint64_t link;
  SignalStack stack;
  SignalContext registers;
  uint64_t mask;
};
static_assert(offsetof(UserContext, stack) == 16);
static_assert(offsetof(UserContext, registers) == 40);
static_assert(offsetof(UserContext, mask) == 296);
static_assert(sizeof(UserContext) == 304);

// UserContext::flags: there are XSAVE's components; SignalContext::ss is meant, and is to be
// restored.
inline constexpr uint64_t kContextHasXsave = 1;
inline constexpr uint64_t kContextHasStackSelector = 2;
inline constexpr uint64_t kContextRestoresStackSelector = 4;

// At the handler's stack pointer. The return address is the restorer's, which makes the call
// rt_sigreturn when the handler has returned to it.
struct SignalFrame {
  uint64_t return_address;
  UserContext context;
  std::array<std::byte, 128> info;  // siginfo_t
};
static_assert(offsetof(SignalFrame, context) == 8);
static_assert(offsetof(SignalFrame, info) == 312);
static_assert(sizeof(SignalFrame) == 440);

// In FxsaveArea::for_software, where XSAVE's components follow (Linux: struct _fpx_sw_bytes).
// Behind them is kXsaveMagicBehind.
struct XsaveFacts {
  uint32_t magic;
  uint32_t bytes_with_magic;  // of everything, the magic behind included
  uint64_t components;
  uint32_t bytes;
  std::array<uint32_t, 7> padding;
};
static_assert(sizeof(XsaveFacts) == sizeof(FxsaveArea::for_software));

inline constexpr uint32_t kXsaveMagic = 0x4650'5853;
inline constexpr uint32_t kXsaveMagicBehind = 0x4650'5845;

// System V ABI for AMD64, 3.2.2: what a leaf function may keep below its stack pointer.
inline constexpr uint64_t kRedZoneBytes = 128;

// Where a frame begins for a stack pointer (the red zone taken off already), with `float_bytes` of
// floating point above it.
struct SignalFramePlace {
  uint64_t frame;
  uint64_t float_state;
};
// Wraps below 0; then the copy to it is refused.
constexpr SignalFramePlace PlaceSignalFrame(uint64_t stack_pointer, uint64_t float_bytes) {
  constexpr uint64_t kFloatAlignment = 64;  // XSAVE's
  // As behind a call: 8 off 16 (System V ABI for AMD64, 3.2.2).
  constexpr uint64_t kFrameAlignment = 16;
  const uint64_t float_state = (stack_pointer - float_bytes) & ~(kFloatAlignment - 1);
  const uint64_t frame =
      ((float_state - sizeof(SignalFrame)) & ~(kFrameAlignment - 1)) - sizeof(uint64_t);
  return {.frame = frame, .float_state = float_state};
}

}  // namespace arch::x86_64
