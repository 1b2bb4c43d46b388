// What the calls of files stand on. kernel/init makes it and gives it to them, once, before the
// first process starts.
#pragma once

#include "kernel/fs/environment.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/object.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/queue_file.h"
#include "kernel/fs/tmpfs.h"

namespace syscall {

struct FileServices {
  fs::Memory& memory;
  fs::Environment& environment;
  fs::FileNamespace& names;
  fs::PipeMaker& pipes;
  fs::QueueNames& queues;
  fs::TmpFileSystem& files;  // for memfd_create, and what statfs tells
};

// All that it refers to must outlive every process.
void UseFileServices(const FileServices& services);
// CHECKed: there are some.
[[nodiscard]] const FileServices& TheFileServices();

}  // namespace syscall
