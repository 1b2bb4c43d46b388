// Blocks of global shared memory (mm/shared_region.h) in processes.
//
// A process has a block from when it made it or used an address of it first, until it releases it,
// ends, or executes another program; a child has those of its parent.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/shared_region.h"
#include "kernel/posix/errno.h"
#include "kernel/process/process.h"

namespace process {

// Shows the process the block that contains `va`. Errors: kFault (there is none, RLIMIT_AS, or the
// process has unmapped a part of it), kNotPermitted (an application of the image), kOutOfMemory.
[[nodiscard]] posix::Result<> AttachBlock(Process& process, mm::VirtAddr va);

// A new block, which the process has; returns its address. Errors: those of SharedRegion::Make(),
// kNotPermitted, and RLIMIT_AS is kOutOfMemory.
[[nodiscard]] posix::Result<mm::VirtAddr> MakeBlock(Process& process, uint64_t size_bytes);

// The process has the block no more that begins at `va`. Error: kInvalid (it did not have it).
[[nodiscard]] posix::Result<> ReleaseBlock(Process& process, mm::VirtAddr va);

}  // namespace process
