#include "arch/ops/stacks.h"

extern "C" {
extern const char boot_stack_bottom[];
extern const char boot_stack_top[];
extern const char fault_stack_bottom[];
extern const char fault_stack_top[];
}

namespace arch {
namespace {

// Empty while the boot stack is the only one.
constinit mm::VirtRange thread_stack{};

mm::VirtRange Between(const char* bottom, const char* top) {
  return {mm::AddressOf(bottom), static_cast<uint64_t>(top - bottom)};
}

}  // namespace

std::optional<mm::VirtRange> StackContaining(mm::VirtAddr va) {
  for (const mm::VirtRange stack : {Between(boot_stack_bottom, boot_stack_top),
                                    Between(fault_stack_bottom, fault_stack_top), thread_stack}) {
    if (stack.Contains(va)) return stack;
  }
  return std::nullopt;
}

void arm::SetThreadStack(const mm::VirtRange& stack) { thread_stack = stack; }

}  // namespace arch
