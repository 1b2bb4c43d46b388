// What programs are told of the memory manager.
#pragma once

#include "kernel/base/function_ref.h"
#include "kernel/fs/memory_source.h"
#include "kernel/init/system.h"
#include "kernel/init/user_memory.h"
#include "kernel/mm/facts/address.h"
#include "kernel/process/system.h"

namespace kernel {

class SystemMemory final : public fs::MemorySource {
 public:
  // All outlive it. Each thread has a kernel stack of `stack_pages`.
  struct Parts {
    const System& system;
    const UserMemory& user;
    process::System& processes;
    mm::PageCount stack_pages;
  };

  explicit SystemMemory(const Parts& parts)
      : system_(parts.system),
        user_(parts.user),
        processes_(parts.processes),
        stack_pages_(parts.stack_pages) {}

  fs::MemoryFacts Facts() override;
  fs::MappedFacts Mapped() override;
  void VisitZones(base::FunctionRef<void(const fs::ZoneFacts&)> visitor) override;
  void VisitSlabs(base::FunctionRef<void(const fs::SlabFacts&)> visitor) override;
  void VisitVmallocAreas(base::FunctionRef<void(const fs::VmallocFacts&)> visitor) override;
  void VisitCounters(base::FunctionRef<void(const fs::Counter&)> visitor) override;

 private:
  const System& system_;
  const UserMemory& user_;
  process::System& processes_;
  mm::PageCount stack_pages_;
};

}  // namespace kernel
