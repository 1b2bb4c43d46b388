// Who called whom, from the chain of frame pointers that the compiler keeps in r11.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/ops/registers.h"

namespace arch {

// Where a caller's frame is, and where the caller goes on.
struct CallerFrame {
  uint32_t frame;
  uint32_t return_address;
};

// Whether kernel code lies at `pc`.
bool IsInText(uint32_t pc);

// The frame above `frame`; nothing if that is not readable as one. Reads only the kernel's own
// stacks, so it cannot fault.
std::optional<CallerFrame> CallerOf(uint32_t frame);

inline constexpr unsigned kMaxBacktraceDepth = 512;

// Every instruction has four bytes in ARM state. The call is named rather than what follows it:
// after a call that does not return comes another function.
inline constexpr uint32_t kCallBytes = 4;

// Visits the calls above `frame`, innermost first: `visit(uintptr_t pc)`. Ends at a frame that
// cannot be one, or at kMaxBacktraceDepth.
template <class Visitor>
void WalkFrames(uint32_t frame, Visitor visit) {
  for (unsigned depth = 0; depth < kMaxBacktraceDepth; ++depth) {
    const auto caller = CallerOf(frame);
    if (!caller) return;
    visit(uintptr_t{caller->return_address - kCallBytes});
    frame = caller->frame;
  }
}

// From an exception: the instruction that it struck, then its callers. Where there is no code, a
// call went astray, and lr knows whose.
template <class Visitor>
void WalkStack(const RegisterState& registers, Visitor visit) {
  constexpr size_t kFramePointer = 11;
  visit(uintptr_t{registers.pc});
  if (!IsInText(registers.pc)) visit(uintptr_t{registers.lr - kCallBytes});
  WalkFrames(registers.general[kFramePointer], visit);
}

// From the function that calls this, its callers.
template <class Visitor>
[[gnu::always_inline]] inline void WalkOwnStack(Visitor visit) {
  WalkFrames(reinterpret_cast<uintptr_t>(__builtin_frame_address(0)), visit);
}

}  // namespace arch
