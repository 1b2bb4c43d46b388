// Who called whom, from the chain of frame pointers that the compiler keeps in RBP.
#pragma once

#include <cstdint>
#include <optional>

#include "arch/ops/registers.h"
#include "kernel/mm/facts/address.h"

namespace arch {

struct CallerFrame {
  uint64_t frame;       // the caller's frame pointer
  uintptr_t call_site;  // the last byte of its call instruction: a return address may be past the
                        // end of a function that ends by calling one that does not return
};

// The frame above `frame`; nothing if that is not readable as one. Reads only the kernel's own
// stacks, so it cannot fault.
std::optional<CallerFrame> CallerOf(uint64_t frame);

inline constexpr unsigned kMaxBacktraceDepth = 512;

// Visits the calls that lead to `frame`, innermost first: `visit(uintptr_t pc)`. Ends at a frame
// that cannot be one, or at kMaxBacktraceDepth, since a broken chain may be a circle.
template <class Visitor>
void WalkFrames(uint64_t frame, Visitor visit) {
  for (unsigned depth = 0; depth < kMaxBacktraceDepth; ++depth) {
    const auto caller = CallerOf(frame);
    if (!caller) return;
    visit(caller->call_site);
    frame = caller->frame;
  }
}

// From an exception: the instruction that it interrupted, then its callers.
template <class Visitor>
void WalkStack(const RegisterState& state, Visitor visit) {
  visit(static_cast<uintptr_t>(state.rip));
  WalkFrames(state.rbp, visit);
}

// From the function that calls this, its callers.
template <class Visitor>
[[gnu::always_inline]] inline void WalkOwnStack(Visitor visit) {
  WalkFrames(reinterpret_cast<uint64_t>(__builtin_frame_address(0)), visit);
}

}  // namespace arch
