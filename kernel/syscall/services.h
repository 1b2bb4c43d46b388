// What the system calls stand on besides the process that makes them. kernel/init makes it and
// gives it to them, once, before the first process starts.
#pragma once

#include "kernel/fs/environment.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/memory_source.h"
#include "kernel/fs/object.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/queue_file.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/ipc/message_queues.h"
#include "kernel/ipc/shared_segments.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/shared_region.h"
#include "kernel/syscall/host_name.h"
#include "kernel/syscall/unknown_calls.h"

namespace syscall {

using kernel::UnknownCalls;

struct Services {
  fs::Memory& memory;
  fs::Environment& environment;
  // --- Files ---
  fs::FileNamespace& names;
  fs::PipeMaker& pipes;
  fs::QueueNames& queue_names;
  fs::TmpFileSystem& files;  // for memfd_create, and what statfs tells
  // --- Memory and messages ---
  ipc::MessageQueues& message_queues;
  ipc::SharedSegments& shared_segments;
  mm::PagedObjectPool& objects;
  const mm::SharedRegion& shared_region;
  mm::PageCount all_memory;  // what there is for programs and the kernel together
  // --- The machine ---
  fs::MemorySource& memory_facts;
  fs::SystemSource& system_facts;
  HostName& host_name;
  UnknownCalls& unknown_calls;
};

// All that it refers to must outlive every process.
void UseServices(const Services& services);
// CHECKed: there are some.
[[nodiscard]] const Services& TheServices();

}  // namespace syscall
