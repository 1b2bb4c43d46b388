// What programs are told of the memory manager.
#pragma once

#include "kernel/base/function_ref.h"
#include "kernel/fs/memory_source.h"
#include "kernel/init/system.h"
#include "kernel/mm/paged_object.h"

namespace kernel {

class SystemMemory final : public fs::MemorySource {
 public:
  // Both outlive it.
  SystemMemory(const System& system, const mm::PagedObjectPool& objects)
      : system_(system), objects_(objects) {}

  fs::MemoryFacts Facts() override;
  void VisitZones(base::FunctionRef<void(const fs::ZoneFacts&)> visitor) override;
  void VisitSlabs(base::FunctionRef<void(const fs::SlabFacts&)> visitor) override;
  void VisitVmallocAreas(base::FunctionRef<void(const fs::VmallocFacts&)> visitor) override;
  void VisitCounters(base::FunctionRef<void(const fs::Counter&)> visitor) override;

 private:
  const System& system_;
  const mm::PagedObjectPool& objects_;
};

}  // namespace kernel
