// /proc: files that are made up as they are read, in the formats of Linux's proc(5) and
// Documentation/filesystems/proc.rst, so that the tools people have read them.
//
// A file's text is made when its first byte is read, and stays the same for the rest of that
// reading. What Atlas does not have shows as Linux shows it where it is not used: as zero.
#pragma once

#include "kernel/fs/environment.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/memory_source.h"
#include "kernel/fs/object.h"
#include "kernel/fs/process_source.h"
#include "kernel/posix/errno.h"

namespace fs {

// What /proc is made from. All of it outlives the inodes.
struct ProcParts {
  Memory& memory;
  Environment& environment;
  FileNamespace& names;  // for the paths of files, and what is mounted
  ProcessSource& processes;
  MemorySource& physical;
  SystemSource& system;
};

// The root of a /proc, for FileNamespace::AddMount(). `parts` outlives it. Error: kOutOfMemory.
[[nodiscard]] posix::Result<Ref<Inode>> MakeProcRoot(const ProcParts& parts);

}  // namespace fs
