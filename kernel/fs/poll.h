// poll() and select(): waiting for any of several files.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/fs/file_table.h"
#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/sched/deadline.h"

namespace fs {

// Fills in the returned events, and says how many descriptors have any; 0 when the deadline passes
// first. Blocks. Errors: kInterrupted, kOutOfMemory.
[[nodiscard]] posix::Result<size_t> Poll(Memory& memory, const FileTable& files,
                                         std::span<posix::PollDescriptor> descriptors,
                                         sched::Deadline deadline);

// The three sets of select(), as words of the program's size; a null one is empty.
struct DescriptorSets {
  std::span<uintptr_t> readable;
  std::span<uintptr_t> writable;
  std::span<uintptr_t> exceptional;
};

// Of the descriptors below `count`, leaves those in the sets that are ready, and says how many bits
// that are. Blocks. Errors: kBadDescriptor, kInterrupted, kOutOfMemory.
[[nodiscard]] posix::Result<size_t> Select(Memory& memory, const FileTable& files, size_t count,
                                           const DescriptorSets& sets, sched::Deadline deadline);

}  // namespace fs
