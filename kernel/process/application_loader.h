// From an application of the kernel image to a process that is packed as the layout says.
#pragma once

#include <string_view>

#include "kernel/mm/checks/process_plan.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"
#include "kernel/process/application.h"
#include "kernel/process/argument_block.h"
#include "kernel/space/address_space.h"

namespace process {

// The application that a script's interpreter names; null if that is a path. Error: kNoEntry, when
// there is none of that name.
[[nodiscard]] posix::Result<const Application*> FindApplication(std::string_view interpreter);

struct ApplicationImage {
  kernel::SpaceReference space;
  mm::ProcessPlan plan;
};

// A space with the first page of the stack, and the copy above it, empty. Errors: kOutOfMemory;
// kArgumentsTooLong, when they would fill half of the stack; kNotExecutable, when the layout has
// not that much room.
[[nodiscard]] posix::Result<ApplicationImage> MapApplication(const Application& application,
                                                             const ArgumentBlock& arguments);

// Makes the copy, and puts the arguments on the stack; environments are dropped. The image's space
// is that of the process that runs. Returns the stack pointer. Errors: kOutOfMemory, kFault.
[[nodiscard]] posix::Result<mm::VirtAddr> WriteApplicationStack(const Application& application,
                                                                const mm::ProcessPlan& plan,
                                                                const ArgumentBlock& arguments);

}  // namespace process
