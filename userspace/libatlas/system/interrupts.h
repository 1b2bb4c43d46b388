// Interrupts of devices, for the system process: -EPERM to every other. Results are the system
// calls': not negative, or an error's number with a minus.
//
// When an attached line interrupts, the kernel masks it and sends the process's receiver a message;
// the dispatcher calls the line's handlers and acknowledges, and the line is unmasked. A line that
// never is acknowledged never interrupts again.
#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/libatlas/native/message.h"

namespace atlas {

// As the machine counts them. x86_64: inputs of the I/O APIC, which for ISA devices are the numbers
// of old. ARM: shared interrupts of the GIC, as a device tree has them (its number 32 is line 0).
using InterruptLine = uint32_t;

enum class Trigger : uint32_t { kEdge = 0, kLevel = 1 };

// One handler of a line. The addresses mean nothing to the kernel.
struct InterruptRoute {
  void (*handler)(void* device, InterruptLine line);
  void* device;
};

// The page that the kernel writes and this process can only read. Routes of a line are side by
// side, in the order in which they were attached; behind the last one, `handler` is null.
struct InterruptTable {
  static constexpr size_t kBytes = 4096;
  static constexpr size_t kRoutesPerLine = 8;
  static constexpr size_t kLines = kBytes / (kRoutesPerLine * sizeof(InterruptRoute));

  InterruptRoute routes[kLines][kRoutesPerLine];
};
static_assert(sizeof(InterruptTable) == InterruptTable::kBytes);

// Shows the table at a whole page in the layout's region for the program, instead of what is there:
// a page of the program itself, behind its code. The calling thread, a native one, receives
// from now on. -EINVAL: not such a page; -EEXIST: there is a receiver, or the table is elsewhere
// already; -ENOTSUP: no native thread.
long ShowInterruptTable(const InterruptTable& place);

// Adds a handler; the first one unmasks the line. -EINVAL: no such line, or another trigger than
// its other handlers'; -ENOSPC: it has eight; -EEXIST: this one is there. Before the first
// ShowInterruptTable(): -EINVAL. The console's line may be attached: then the
// kernel receives no more characters itself, until nobody is attached.
long AttachInterrupt(InterruptLine line, Trigger trigger, const InterruptRoute& route);

// Takes it away; with the last one the line is masked. -ENOENT: it is not there.
long DetachInterrupt(InterruptLine line, const InterruptRoute& route);

// Every handler has been called: unmasks the line. -ENOENT: no message of it was sent that has not
// been acknowledged.
long AcknowledgeInterrupt(InterruptLine line);

// Whether a message that Receive() returned is the kernel's, of a line; then that line. The kernel
// sends as thread 0, which no thread is.
inline constexpr uint32_t kInterruptFunction = 1;
inline bool IsInterrupt(const Message& message) {
  return message.sender == 0 && message.function == kInterruptFunction;
}
inline InterruptLine LineOf(const Message& message) {
  return static_cast<InterruptLine>(message.arguments[0]);
}

}  // namespace atlas
