#include "arch/ops/backtrace.h"

#include "arch/ops/stacks.h"
#include "kernel/base/bits.h"

namespace arch {
namespace {

// What `push %rbp; mov %rsp, %rbp` leaves at the address in RBP.
struct FrameRecord {
  uint64_t caller_frame;
  uint64_t return_address;
};

}  // namespace

std::optional<CallerFrame> CallerOf(uint64_t frame) {
  if (!base::IsAligned(frame, alignof(FrameRecord))) return std::nullopt;
  const auto stack = StackContaining(mm::VirtAddr{frame});
  if (!stack || stack->last().value - frame < sizeof(FrameRecord) - 1) return std::nullopt;
  const auto* record = reinterpret_cast<const FrameRecord*>(frame);
  // start.S ends the chain with zeros.
  if (record->return_address == 0) return std::nullopt;
  // Callers are higher up, unless the caller is on the stack that an exception left.
  const bool same_stack = stack->Contains(mm::VirtAddr{record->caller_frame});
  if (same_stack && record->caller_frame <= frame) return std::nullopt;
  return CallerFrame{record->caller_frame, record->return_address - 1};
}

}  // namespace arch
