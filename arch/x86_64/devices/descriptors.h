// Segment, task-state and gate descriptors of 64-bit mode, as the processor reads them.
//
// Intel SDM vol. 3A: 3.4.5 (segments), 7.14 (interrupt gates), 8.2.3 and 8.7 (task state).
#pragma once

#include <cstddef>
#include <cstdint>

namespace arch::x86_64 {

// Present and accessed: the processor then never writes to a table to mark an entry.
inline constexpr uint64_t kKernelCodeSegment = 0x00af'9b00'0000'ffff;  // execute, read, 64-bit
inline constexpr uint64_t kKernelDataSegment = 0x00cf'9300'0000'ffff;  // read, write

// Selectors: byte offsets into our descriptor table.
inline constexpr uint16_t kKernelCodeSelector = 0x08;
inline constexpr uint16_t kKernelDataSelector = 0x10;
inline constexpr uint16_t kTaskStateSelector = 0x18;  // takes two entries

// What LGDT and LIDT read.
struct [[gnu::packed]] TablePointer {
  uint16_t limit;  // the table's last byte
  uint64_t base;
};
static_assert(sizeof(TablePointer) == 10);

// In 64-bit mode a task state only holds stacks and the I/O permission map's place.
struct [[gnu::packed]] TaskState {
  uint32_t reserved0;
  uint64_t privilege_stacks[3];
  uint64_t reserved1;
  uint64_t interrupt_stacks[7];  // IST 1 to 7
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t io_map_offset;
};
static_assert(sizeof(TaskState) == 104);
static_assert(offsetof(TaskState, interrupt_stacks) == 36);

struct DescriptorPair {
  uint64_t low;
  uint64_t high;

  friend constexpr bool operator==(const DescriptorPair&, const DescriptorPair&) = default;
};

// An available 64-bit task state of sizeof(TaskState) bytes at `base`.
constexpr DescriptorPair TaskStateDescriptor(uint64_t base) {
  constexpr uint64_t kPresentAvailableTaskState = uint64_t{0x89} << 40;
  const uint64_t limit = sizeof(TaskState) - 1;
  return {limit | (base & 0xff'ffff) << 16 | kPresentAvailableTaskState | (base >> 24 & 0xff) << 56,
          base >> 32};
}

// An interrupt gate (interrupts off on entry) for the kernel only. `interrupt_stack` is an IST
// number, 0 for the interrupted stack.
constexpr DescriptorPair InterruptGate(uint64_t handler, unsigned interrupt_stack) {
  constexpr uint64_t kPresentInterruptGate = uint64_t{0x8e} << 40;
  return {(handler & 0xffff) | uint64_t{kKernelCodeSelector} << 16 |
              uint64_t{interrupt_stack & 7} << 32 | kPresentInterruptGate |
              (handler >> 16 & 0xffff) << 48,
          handler >> 32};
}

}  // namespace arch::x86_64
