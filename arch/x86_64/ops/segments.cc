#include "arch/ops/segments.h"

#include <array>
#include <cstdint>

#include "arch/ops/stacks.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/devices/devices.h"

extern "C" arch::x86_64::TaskStateWithPorts arch_task_state;

namespace arch {
namespace {

using namespace arch::x86_64;

constexpr size_t EntryOf(uint16_t selector) { return selector / sizeof(uint64_t); }

constexpr size_t kTaskStateEntry = EntryOf(kTaskStateSelector);

using DescriptorTable = std::array<uint64_t, kTaskStateEntry + 2>;

constexpr DescriptorTable MakeDescriptors() {
  DescriptorTable table{};
  table[EntryOf(kKernelCodeSelector)] = kKernelCodeSegment;
  table[EntryOf(kKernelDataSelector)] = kKernelDataSegment;
  table[EntryOf(kUserDataSelector)] = kUserDataSegment;
  table[EntryOf(kUserCodeSelector)] = kUserCodeSegment;
  return table;
}

// LTR marks the task state's descriptor busy, so the table is not constant.
constinit DescriptorTable descriptors = MakeDescriptors();

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

void RefuseKernelPorts(PortMap& ports) {
  for (const PortRange& range : kKernelPorts) {
    for (uint16_t i = 0; i < range.count; ++i) ports.Refuse(static_cast<uint16_t>(range.first + i));
  }
  ports.end = PortMap::kEnd;
}

}  // namespace
}  // namespace arch

// Entry code reads the stack for system calls from it.
constinit arch::x86_64::TaskStateWithPorts arch_task_state{};

namespace arch {

void SetEntryStack(mm::VirtAddr last) {
  arch_task_state.state.privilege_stacks[0] = last.value + 1;
}

void SetPortMapOffset(uint16_t offset) { arch_task_state.state.io_map_offset = offset; }

void LoadSegments() {
  TaskState& task_state = arch_task_state.state;
  task_state.interrupt_stacks[kFaultStackNumber - 1] = FaultStack().last().value + 1;
  SetPortMapOffset(kNoPortMapOffset);
  RefuseKernelPorts(arch_task_state.ports);
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
