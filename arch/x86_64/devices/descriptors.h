// Segment, task-state and gate descriptors of 64-bit mode, as the processor reads them.
//
// Intel SDM vol. 3A: 3.4.5 (segments), 7.14 (interrupt gates), 8.2.3 and 8.7 (task state). Vol. 1:
// 19.5.2 (the map of ports).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace arch::x86_64 {

// Present and accessed: the processor then never writes to a table to mark an entry.
inline constexpr uint64_t kKernelCodeSegment = 0x00af'9b00'0000'ffff;  // execute, read, 64-bit
inline constexpr uint64_t kKernelDataSegment = 0x00cf'9300'0000'ffff;  // read, write

// The same for user mode: descriptor privilege level 3.
inline constexpr uint64_t kUserCodeSegment = 0x00af'fb00'0000'ffff;
inline constexpr uint64_t kUserDataSegment = 0x00cf'f300'0000'ffff;

// Selectors: byte offsets into our descriptor table, with the privilege level that they ask for in
// the low bits. SYSCALL wants the kernel's two side by side. SYSRET finds data 8 bytes and code 16
// bytes behind where there would be 32-bit code, which we do not offer (vol. 3A 5.8.8). The user's
// are those that Linux has: programs see them in signal frames.
inline constexpr uint16_t kUserPrivilege = 3;
inline constexpr uint16_t kKernelCodeSelector = 0x08;
inline constexpr uint16_t kKernelDataSelector = 0x10;
inline constexpr uint16_t kSystemReturnBase = 0x20;
inline constexpr uint16_t kUserDataSelector = 0x28 | kUserPrivilege;
inline constexpr uint16_t kUserCodeSelector = 0x30 | kUserPrivilege;
inline constexpr uint16_t kTaskStateSelector = 0x38;  // takes two entries

// What the MSR STAR holds: the selectors for SYSCALL and SYSRET.
inline constexpr uint64_t kSystemCallSelectors =
    uint64_t{kSystemReturnBase | kUserPrivilege} << 48 | uint64_t{kKernelCodeSelector} << 32;
static_assert(kKernelDataSelector == kKernelCodeSelector + 8);
static_assert(kUserDataSelector == (kSystemReturnBase | kUserPrivilege) + 8);
static_assert(kUserCodeSelector == (kSystemReturnBase | kUserPrivilege) + 16);

// What LGDT and LIDT read.
struct [[gnu::packed]] TablePointer {
  uint16_t limit;  // the table's last byte
  uint64_t base;
};
static_assert(sizeof(TablePointer) == 10);

// In 64-bit mode a task state only holds stacks and the I/O permission map's place.
struct [[gnu::packed]] TaskState {
  uint32_t reserved0;
  uint64_t privilege_stacks[3];  // the first: for entry from user mode
  uint64_t reserved1;
  uint64_t interrupt_stacks[7];  // IST 1 to 7
  uint64_t reserved2;
  uint16_t reserved3;
  uint16_t io_map_offset;
};
static_assert(sizeof(TaskState) == 104);
static_assert(offsetof(TaskState, privilege_stacks) == 4);
static_assert(offsetof(TaskState, interrupt_stacks) == 36);

// Behind a task state: a bit for each port, set where user mode may not use it. An access to
// several ports looks at all their bits; the processor reads two bytes, so one of ones ends it.
struct PortMap {
  static constexpr size_t kPorts = 1 << 16;
  static constexpr size_t kPortsPerByte = 8;

  constexpr void Refuse(uint16_t port) {
    bytes[port / kPortsPerByte] |= static_cast<uint8_t>(1u << port % kPortsPerByte);
  }

  std::array<uint8_t, kPorts / kPortsPerByte> bytes;
  uint8_t end;

  static constexpr uint8_t kEnd = 0xff;
};

struct TaskStateWithPorts {
  TaskState state;
  PortMap ports;
};
static_assert(offsetof(TaskStateWithPorts, ports) == sizeof(TaskState));

// Where a task state has its map: behind itself, or beyond its limit, which is nowhere.
inline constexpr uint16_t kPortMapOffset = offsetof(TaskStateWithPorts, ports);
inline constexpr uint16_t kNoPortMapOffset = 0xffff;
static_assert(kNoPortMapOffset >= sizeof(TaskStateWithPorts));

struct DescriptorPair {
  uint64_t low;
  uint64_t high;

  friend constexpr bool operator==(const DescriptorPair&, const DescriptorPair&) = default;
};

// An available 64-bit task state with its map of ports at `base`.
constexpr DescriptorPair TaskStateDescriptor(uint64_t base) {
  constexpr uint64_t kPresentAvailableTaskState = uint64_t{0x89} << 40;
  const uint64_t limit = offsetof(TaskStateWithPorts, ports.end);
  return {limit | (base & 0xff'ffff) << 16 | kPresentAvailableTaskState | (base >> 24 & 0xff) << 56,
          base >> 32};
}

// Whose INT instructions may go through a gate. Others raise #GP.
enum class GateUse : uint8_t { kKernel = 0, kUser = 3 };

// An interrupt gate (interrupts off on entry). `interrupt_stack` is an IST number; 0: the
// interrupted stack, or from user mode the task state's first.
constexpr DescriptorPair InterruptGate(uint64_t handler, unsigned interrupt_stack, GateUse use) {
  constexpr uint64_t kPresentInterruptGate = uint64_t{0x8e} << 40;
  return {(handler & 0xffff) | uint64_t{kKernelCodeSelector} << 16 |
              uint64_t{interrupt_stack & 7} << 32 | kPresentInterruptGate |
              uint64_t{static_cast<uint8_t>(use)} << 45 | (handler >> 16 & 0xffff) << 48,
          handler >> 32};
}

}  // namespace arch::x86_64
