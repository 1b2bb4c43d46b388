#include "arch/ops/backtrace.h"

#include "arch/ops/stacks.h"
#include "kernel/base/bits.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

extern "C" {
extern const char image_start[];
extern const char image_text_limit[];
}

namespace arch {
namespace {

// Every function pushes r11 right below lr and points r11 at the pair (-mframe-chain=aapcs).
struct FrameRecord {
  uint32_t caller_frame;
  uint32_t return_address;
};

}  // namespace

bool IsInText(uint32_t pc) {
  const auto* const at = reinterpret_cast<const char*>(pc);
  return image_start <= at && at < image_text_limit;
}

std::optional<CallerFrame> CallerOf(uint32_t frame) {
  if (!base::IsAligned(frame, alignof(FrameRecord))) return std::nullopt;
  const auto stack = StackContaining(mm::VirtAddr{frame});
  if (!stack || !stack->Contains({mm::VirtAddr{frame}, sizeof(FrameRecord)})) return std::nullopt;
  const auto* const record = reinterpret_cast<const FrameRecord*>(frame);
  // start.S ends the chain with zeros.
  if (record->return_address == 0) return std::nullopt;
  // Callers are higher up, unless the caller is on the stack that an exception left.
  const bool same_stack = stack->Contains(mm::VirtAddr{record->caller_frame});
  if (same_stack && record->caller_frame <= frame) return std::nullopt;
  return CallerFrame{record->caller_frame, record->return_address};
}

}  // namespace arch
