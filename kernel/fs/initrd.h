// Fills a tmpfs with the files of a cpio archive. Contents stay in the archive until somebody reads
// a page of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/fs/cpio.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"

namespace fs {

// What came of it. Entries that make no sense (a name with "..", a socket, contents of a device)
// are passed over and counted; a broken archive ends it, and so does a lack of memory: what was
// unpacked by then stays.
struct UnpackReport {
  size_t files = 0;  // entries of any kind
  size_t passed_over = 0;
  CpioFault fault = CpioFault::kNone;
  uint64_t fault_offset = 0;
  bool out_of_memory = false;
};

// `archive` outlives the files. Directories on the way that the archive does not have are made. A
// file that was there is replaced.
[[nodiscard]] UnpackReport UnpackArchive(Memory& memory, const ArchiveBytes& archive,
                                         FileNamespace& names);

}  // namespace fs
