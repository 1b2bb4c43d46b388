#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "userspace/support/probe.h"
#include "userspace/support/test.h"

namespace attack {

// What the kernels differ in by design. A program cannot find that out by trying.
struct Kernel {
  const char* name;  // as uname() says
  bool refuses_write_and_execute;
};

const Kernel& ThisKernel();

// Addresses of the kernel and of its layout, from the command line: `kernel=ADDRESS` is one that
// must not be reached, `open=FIRST-LAST` a range that the layout opens to programs, `last=ADDRESS`
// the last one that can be a program's.
void ReadArguments(int argc, char** argv);
std::span<const uintptr_t> KernelAddresses();
std::optional<uintptr_t> LastOfPrograms();

// Whether the program itself may be there: it has something mapped, or the layout opens it.
bool MayReach(uintptr_t address);

// Calls visit(address) for places all over the address space that a program may not reach: both
// ends of all halves and quarters, each part of the upper half, and those from the command line.
void ForEachForbidden(void (*visit)(uintptr_t address));

// A process that has nothing to do with any of this. It looks after its own memory, and goes on.
void StartBystander();
void StopBystander();
// That it still runs, and its memory is what it was.
void ExpectBystander();

}  // namespace attack
