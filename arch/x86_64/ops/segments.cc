#include "arch/ops/segments.h"

#include <array>
#include <cstdint>

#include "arch/ops/stacks.h"
#include "arch/x86_64/devices/descriptors.h"

namespace arch {
namespace {

using namespace arch::x86_64;

constexpr size_t kTaskStateEntry = kTaskStateSelector / sizeof(uint64_t);

// LTR marks the task state's descriptor busy, so the table is not constant.
constinit std::array<uint64_t, kTaskStateEntry + 2> descriptors = {0, kKernelCodeSegment,
                                                                   kKernelDataSegment, 0, 0};
static_assert(kKernelCodeSelector == 1 * sizeof(uint64_t));
static_assert(kKernelDataSelector == 2 * sizeof(uint64_t));

constinit TaskState task_state{};

// CS changes by a far return only; in 64-bit mode SS may be any writable segment, and DS to GS are
// not looked at.
void ReloadSelectors() {
  asm volatile(
      "pushq %0\n\t"
      "leaq 1f(%%rip), %%rax\n\t"
      "pushq %%rax\n\t"
      "lretq\n"
      "1:\n\t"
      "movw %w1, %%ss\n\t"
      "movw %w1, %%ds\n\t"
      "movw %w1, %%es\n\t"
      "movw %w2, %%fs\n\t"
      "movw %w2, %%gs"
      :
      : "i"(kKernelCodeSelector), "r"(kKernelDataSelector), "r"(uint16_t{0})
      : "rax", "memory");
}

}  // namespace

void LoadSegments() {
  task_state.interrupt_stacks[kFaultStackNumber - 1] = FaultStack().last().value + 1;
  task_state.io_map_offset = sizeof(TaskState);  // no map: ports are the kernel's only
  const auto base = reinterpret_cast<uint64_t>(&task_state);
  const DescriptorPair descriptor = TaskStateDescriptor(base);
  descriptors[kTaskStateEntry] = descriptor.low;
  descriptors[kTaskStateEntry + 1] = descriptor.high;

  const TablePointer pointer{sizeof(descriptors) - 1,
                             reinterpret_cast<uint64_t>(descriptors.data())};
  asm volatile("lgdt %0" : : "m"(pointer));
  ReloadSelectors();
  asm volatile("ltr %w0" : : "r"(kTaskStateSelector));
}

}  // namespace arch
